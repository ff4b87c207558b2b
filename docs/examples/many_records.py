"""Many records, found by prefix, by range, and the latest: `python many_records.py FILE 300000`.

Both indexes are kept by every write. `explain()` says what a search reads; one with a limit ends
when it has so many. The first search after many writes puts their keys in order.
"""

import random
import sys
import time
from typing import Any

import libredb

WORDS = ["amber", "basalt", "cobalt", "granite", "marble", "opal", "quartz", "slate"]
CHUNK = 10_000


def record(number: int) -> dict[str, Any]:
    """Return one record; the same numbers give the same records."""
    chance = random.Random(number)
    name = f"{chance.choice(WORDS)}-{chance.randrange(10**6):06}"
    return {"id": f"r{number:07}", "name": name, "grams": chance.randrange(100_000)}


def fill(db: libredb.Database, count: int) -> None:
    """Write so many records, a chunk in each transaction."""
    records = libredb.documents(db, "records")
    for start in range(0, count, CHUNK):
        records.insert_many(map(record, range(start, min(start + CHUNK, count))))
    records.create_index("name")
    records.create_index("grams")


def searches(db: libredb.Database) -> dict[str, Any]:
    """Return the three searches."""
    records = libredb.documents(db, "records")
    return {
        "prefix": records.find({"name": {"$prefix": "opal-00"}}, order_by="name", limit=20),
        "range": records.find({"grams": {"$gte": 500, "$lt": 600}}, order_by="grams"),
        "latest 20": records.find(order_by="-id", limit=20),
    }


def main(path: str, count: int) -> None:
    with libredb.open(path) as db:
        if not libredb.documents(db, "records"):
            started = time.perf_counter()
            fill(db, count)
            print(f"{count:,} records in {time.perf_counter() - started:.1f} s")
        for name, search in searches(db).items():
            started = time.perf_counter()
            found = list(search)
            seconds = time.perf_counter() - started
            print(f"{name}: {len(found)} in {seconds * 1000:.1f} ms; {search.explain()}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
