"""What each database does in each workload, in the best form that it has for it.

A method does a whole round, so that nothing of ours stands between the loop and the database. Every
commit is durable before the next one begins, unless a class says something else.
"""
