"""The folder of a release, and what it is made with.

tools             a newer Python with a pinned tool, in an environment of its own
pyodide_build     our wheel, built by Pyodide's own tool
compiling         our wheel with compiled modules beside the sources; runs inside Pyodide
compiled          the same, from here
compressed        each file a second and a third time, smaller
making            all of that, in its order
"""
