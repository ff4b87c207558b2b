"""Measures a durable commit in the browser against a raw JavaScript write and flush.

All sides run in the same worker on the same storage, and write the same count of bytes at the end
of a file: `libredb`, `raw`, and `raw in room`, which writes over zeros that it put there before, as
libredb does. They take turns: rounds of a few commits each, the order shuffled, and the result is
the median of the per-round ratios, because absolute times are not stable. A program, not a test:

    python -m scripts.benchmarks.browser [--rounds 100] [--commits 40] [--folder DIR] [--json FILE]

What a flush costs depends on the file system; `--folder` says where the browser keeps its files.
Absent on purpose: other databases; `python -m scripts.benchmarks` compares with those.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from scripts.browser.chromium import assert_storage_is_real, persistent_context
from scripts.browser.site import serve_site
from scripts.browser.wheels import CACHE, archive, build_wheel

INSIDE = '''
"""The measurement itself, inside the worker."""

import os
import random
import time

import libredb
import libredb_opfs
from libredb_opfs.filesystem import STEP_BYTES
from pyodide.code import run_js

RAW = """async (name, length, room) => {
  const root = await navigator.storage.getDirectory();
  const file = await root.getFileHandle(name, { create: true });
  const handle = await file.createSyncAccessHandle();
  handle.truncate(0);
  const zeros = new Uint8Array(room);
  let end = 0;
  let filled = 0;
  return (count) => {
    const records = Array.from({ length: count }, () =>
      crypto.getRandomValues(new Uint8Array(length)),
    );
    const started = performance.now();
    for (const record of records) {
      if (room > 0 && end + length > filled) filled += handle.write(zeros, { at: filled });
      handle.write(record, { at: end });
      handle.flush();
      end += length;
    }
    return (performance.now() - started) / 1000;
  };
}"""


async def measure(rounds, commits):
    fs = await libredb_opfs.acquire("benchmark")
    fs.clear()
    db = libredb.open("benchmark.libredb", fs=fs)
    before = db.log_bytes
    with db.transaction() as tx:
        tx.set(os.urandom(16), os.urandom(100))
    length = db.log_bytes - before
    open_raw = run_js(RAW)

    def put(key, value):
        return lambda tx: tx.set(key, value)

    def ours(count):
        works = [put(os.urandom(16), os.urandom(100)) for _ in range(count)]
        started = time.perf_counter()
        for work in works:
            db.transact(work)
        return time.perf_counter() - started

    sides = {
        "libredb": ours,
        "raw": await open_raw("raw", length, 0),
        "raw in room": await open_raw("raw-in-room", length, STEP_BYTES),
    }
    order = list(sides)
    for side in order:
        sides[side](commits)
    result = []
    for _ in range(rounds):
        random.shuffle(order)
        result.append({side: sides[side](commits) / commits for side in order})
    db.close()
    fs.close()
    return result
'''


def measure(rounds: int, commits: int, folder: Path) -> list[dict[str, float]]:
    """Return the seconds a commit took, by side, for each round."""
    with (
        tempfile.TemporaryDirectory(prefix="libredb-", dir=folder) as name,
        serve_site([build_wheel(Path(name))], CACHE / "benchmark-console.log") as (server, load),
        sync_playwright() as playwright,
        persistent_context(playwright, Path(name) / "profile") as context,
    ):
        inside = Path(name) / "inside.py"
        inside.write_text(INSIDE, encoding="utf-8")
        server.serve_file("inside.zip", archive({"inside.py": inside}))
        load["archives"].append({"url": f"{server.url}/inside.zip", "folder": "/home/pyodide"})
        page = context.new_page()
        page.goto(f"{server.url}/runtime/page.html")
        assert_storage_is_real(page, Path(name) / "profile")
        page.evaluate("(load) => window.workers.start('benchmark', load)", dict(load))
        code = f"import inside, json; json.dumps(await inside.measure({rounds}, {commits}))"
        answer: Any = page.evaluate("(code) => window.workers.run('benchmark', code)", code)
        return json.loads(answer)


def main() -> None:
    """Measure, print and perhaps save the result."""
    parser = argparse.ArgumentParser(description="commit in the browser: libredb against raw")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--commits", type=int, default=40)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rounds = measure(arguments.rounds, arguments.commits, arguments.folder)
    for side in rounds[0]:
        times = sorted(1e6 * one[side] for one in rounds)
        print(
            f"{side:12} min {times[0]:6.0f}   median {statistics.median(times):6.0f}   "
            f"max {times[-1]:6.0f} us a commit"
        )
    medians = {}
    for peer in ("raw", "raw in room"):
        ratios = sorted(one[peer] / one["libredb"] for one in rounds)
        medians[peer] = statistics.median(ratios)
        print(
            f"rate of libredb / rate of {peer}: {medians[peer]:.3f} (from {ratios[0]:.2f} to "
            f"{ratios[-1]:.2f}, {len(rounds)} rounds of {arguments.commits} commits)"
        )
    if arguments.json:
        figures = json.dumps({"ratios": medians, "rounds": rounds})
        arguments.json.write_text(figures, encoding="utf-8")


if __name__ == "__main__":
    main()
