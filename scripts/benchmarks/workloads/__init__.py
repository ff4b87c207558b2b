"""The rows that run on this machine, a file a topic, in the order of the table."""

from scripts.benchmarks.row import Row, Workload
from scripts.benchmarks.workloads import changes, commits, lenses, opening, reads, startup, threads

ROWS: list[Row[Workload]] = [
    *commits.ROWS,
    *reads.ROWS,
    *changes.ROWS,
    *lenses.ROWS,
    *opening.ROWS,
    *startup.ROWS,
    *threads.ROWS,
]
