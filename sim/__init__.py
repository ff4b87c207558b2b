"""Deterministic simulation: the real kernel on a file system that fails as real ones do.

One integer seed decides everything. `filesystem.py` is the simulated storage (and the in-memory
storage of the whole test suite), `generator.py` the only source of choices. Nothing in libredb
imports this package. Absent on purpose: clocks, threads, and every other source of surprise.
"""
