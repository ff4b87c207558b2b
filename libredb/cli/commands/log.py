"""`libredb log`: the history of a file."""

import argparse
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from libredb.cli.arguments import add_file, count
from libredb.cli.console import Console
from libredb.cli.exit_codes import exit_code_of
from libredb.cli.layout import Number
from libredb.interop import LoggedCommit, LogHistory, history

DESCRIPTION: str = """\
Print the commits of a file, and what follows them. A damaged file is read up to the damage; the
exit code is 4 then. What was committed before the last compaction is in the snapshot, and not told
one by one."""
EXAMPLE: str = "libredb log app.libredb --ops --limit 5"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which commits are meant, and how they are printed."""
    add_file(parser)
    parser.add_argument(
        "--ops", action="store_true", help="print what each commit sets and deletes"
    )
    parser.add_argument(
        "--since", type=count, default=0, metavar="VERSION", help="only commits after this one"
    )
    parser.add_argument("--limit", type=count, metavar="N", help="print at most N commits")
    parser.add_argument("--jsonl", action="store_true", help="print a line of JSON for each commit")


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Print the history and return 0, or the exit code of the damage."""
    found = history(arguments.file)
    commits = islice(found.commits(since=arguments.since), arguments.limit)
    if arguments.jsonl:
        for commit in commits:
            console.write(console.json(_as_json(console, commit, with_ops=arguments.ops)))
    else:
        _print_snapshot(console, found)
        first = next(commits, None)
        if first is not None:
            _print_commits(console, chain([first], commits), with_ops=arguments.ops)
        _print_end(console, found)
    if found.error is not None:
        console.complain(str(found.error))
        return exit_code_of(found.error)
    return 0


def _print_snapshot(console: Console, found: LogHistory) -> None:
    if not found.snapshot_records:
        return
    first, last = found.base_version + 1, found.snapshot_version
    versions = f"version {first}" if first == last else f"versions {first} to {last}"
    console.say(
        f"The log begins with a snapshot of {found.snapshot_entries:,} entries,"
        f" as of commit {found.base_version}."
    )
    console.say(f"It is {versions}, and ends at byte {found.snapshot_end:,}.")
    console.say()


def _print_commits(console: Console, commits: Iterable[LoggedCommit], *, with_ops: bool) -> None:
    if with_ops:
        heads = ["version", "durable", "op", "key", "value"]
        console.table(heads, _op_rows(console, commits))
    else:
        heads = ["version", "offset", "bytes", "sets", "deletes", "durable"]
        console.table(heads, map(_row, commits))
    console.say()


def _print_end(console: Console, found: LogHistory) -> None:
    if found.outcome == "empty":
        console.say("The file is empty: no database was made in it yet.")
        return
    console.say(
        f"The log ends at byte {found.end:,} with version {found.version};"
        f" durable up to {found.durable_version}."
    )
    following = f"{found.following_bytes:,} bytes follow"
    if found.outcome == "cut":
        console.say(f"{following}: of a commit that a crash has torn, or that is")
        console.say("being written. Nothing proves that they were durable.")
    elif found.outcome == "damaged":
        console.say(f"{following}, which are not read: there is damage in them.", "bad")


def _row(commit: LoggedCommit) -> list[object]:
    sets = sum(value is not None for _, value in commit.ops)
    numbers = (commit.offset, commit.size_bytes, sets, len(commit.ops) - sets)
    return [
        commit.version,
        *(Number(f"{number:,}") for number in numbers),
        "yes" if commit.is_durable else "no",
    ]


def _op_rows(console: Console, commits: Iterable[LoggedCommit]) -> Iterator[list[object]]:
    for commit in commits:
        durable = "yes" if commit.is_durable else "no"
        for key, value in commit.ops:
            op, shown = ("delete", None) if value is None else ("set", console.text(value))
            yield [commit.version, durable, op, console.text(key), shown]


def _as_json(console: Console, commit: LoggedCommit, *, with_ops: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "version": commit.version,
        "offset": commit.offset,
        "size_bytes": commit.size_bytes,
        "is_durable": commit.is_durable,
        "op_count": len(commit.ops),
    }
    if with_ops:
        told["ops"] = [_op_as_json(console, key, value) for key, value in commit.ops]
    return told


def _op_as_json(console: Console, key: bytes, value: bytes | None) -> dict[str, str]:
    """Return an op whose bytes are written by the rule of all commands."""
    if value is None:
        return {"delete": console.text(key)}
    return {"set": console.text(key), "value": console.text(value)}
