"""Measurements: programs, never timed tests.

row         what is measured, against whom: rows, contenders, sizes, entries
processes   a contender in a process of its own
rounds      interleaved rounds, and the ratios that come of them
tables      the results as text, as JSON, and on the page of the documentation
packages    other databases that a measurement can be run against, if they are installed
stores      what each database does in each workload, in its own best form
workloads   the rows that run here, a file a topic
browser     the rows that run in a browser
"""
