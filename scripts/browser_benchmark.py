"""Measures a durable commit in the browser against a raw JavaScript write and flush.

Both run in the same worker on the same storage, write the same count of bytes at the end of a file,
and take turns: rounds of a few commits each, the order shuffled, and the result is the median of
the per-round ratios, because absolute times are not stable. A program, not a test:

    python -m scripts.browser_benchmark [--rounds 40] [--commits 100] [--json FILE]

Absent on purpose: other databases; `tests/performance` compares with those.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.runtime.chromium import assert_storage_is_real, persistent_context
from tests.runtime.site import serve_site
from tests.runtime.wheels import CACHE, archive, build_wheel

INSIDE = '''
"""The measurement itself, inside the worker."""

import os
import random
import time

import libredb
import libredb_opfs
from pyodide.code import run_js

RAW = """async (length) => {
  const root = await navigator.storage.getDirectory();
  const file = await root.getFileHandle("raw", { create: true });
  const handle = await file.createSyncAccessHandle();
  handle.truncate(0);
  const record = crypto.getRandomValues(new Uint8Array(length));
  let end = 0;
  return (count) => {
    const started = performance.now();
    for (let index = 0; index < count; index++) {
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
    raw = await run_js(RAW)(db.log_bytes - before)

    def ours(count):
        entries = [(os.urandom(16), os.urandom(100)) for _ in range(count)]
        started = time.perf_counter()
        for key, value in entries:
            db.transact(lambda tx, key=key, value=value: tx.set(key, value))
        return time.perf_counter() - started

    sides = {"libredb": ours, "raw": raw}
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


def measure(rounds: int, commits: int) -> list[dict[str, float]]:
    """Return the seconds a commit took, by side, for each round."""
    with (
        tempfile.TemporaryDirectory(prefix="libredb-") as folder,
        serve_site([build_wheel(Path(folder))], CACHE / "benchmark-console.log") as (server, load),
        sync_playwright() as playwright,
        persistent_context(playwright, Path(folder) / "profile") as context,
    ):
        inside = Path(folder) / "inside.py"
        inside.write_text(INSIDE, encoding="utf-8")
        server.serve_file("inside.zip", archive({"inside.py": inside}))
        load["archives"].append({"url": f"{server.url}/inside.zip", "folder": "/home/pyodide"})
        page = context.new_page()
        page.goto(f"{server.url}/runtime/page.html")
        assert_storage_is_real(page, Path(folder) / "profile")
        page.evaluate("(load) => window.workers.start('benchmark', load)", dict(load))
        code = f"import inside, json; json.dumps(await inside.measure({rounds}, {commits}))"
        answer: Any = page.evaluate("(code) => window.workers.run('benchmark', code)", code)
        return json.loads(answer)


def main() -> None:
    """Measure, print and perhaps save the result."""
    parser = argparse.ArgumentParser(description="commit in the browser: libredb against raw")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--commits", type=int, default=100)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rounds = measure(arguments.rounds, arguments.commits)
    for side in ("libredb", "raw"):
        times = sorted(1e6 * one[side] for one in rounds)
        print(
            f"{side:8} min {times[0]:6.0f}   median {statistics.median(times):6.0f}   "
            f"max {times[-1]:6.0f} us a commit"
        )
    ratios = sorted(one["raw"] / one["libredb"] for one in rounds)
    ratio = statistics.median(ratios)
    print(
        f"rate of libredb / rate of raw: {ratio:.3f} (from {ratios[0]:.2f} to {ratios[-1]:.2f}, "
        f"{len(rounds)} rounds of {arguments.commits} commits)"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps({"ratio": ratio, "rounds": rounds}), encoding="utf-8")


if __name__ == "__main__":
    main()
