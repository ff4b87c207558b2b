"""The folder of a release, and what it is made with.

tools             a newer Python with pinned tools, in an environment of its own
pyodide_build     our wheel, built by Pyodide's own tool
compiling         our wheel with compiled modules beside the sources; runs inside Pyodide
compiled          the same, from here
lock_file         what `pyodide.loadPackage` knows by name
compressed        each file a second and a third time, smaller
making            all of that, in its order
"""
