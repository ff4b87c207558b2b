"""`libredb demo`: the database at work on real data, killed in mid-commit, and checked.

Load every named character of Unicode through all lenses, read some, compact, kill a writer again
and again, and check every entry at the end. Each part prints what it does and what came of it. The
times are those of one run on one machine: they inform, and prove nothing.
"""

import platform
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import libredb
from libredb import Database, RecoveryReport, UsageError
from libredb.cli.console import Console
from libredb.cli.demo import blocks, characters, writer
from libredb.cli.demo.characters import Character
from libredb.cli.demo.kill import Killed, kill_in_mid_commit
from libredb.cli.ending import whole

FILE_NAME = "demo.libredb"
GREEK_FIRST, GREEK_ALPHA, GREEK_LAST = "000370", "0003B1", "0003FF"
SHOWN = 5
"""How many examples, or problems, are printed."""
MISSING = 1
"""The exit code when something is missing."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for; None: a temporary directory, all characters."""

    directory: Path | None = None
    kills: int = 10
    characters: int | None = None


def run(
    console: Console, options: Options, *, after_kill: Callable[[Path], None] | None = None
) -> int:
    """Run the demo and return 0, or 1 if anything is missing.

    Args:
        console: where it prints.
        options: what to do.
        after_kill: called with the path between each kill and reopening; a test sabotages the
            file there.

    Raises:
        UsageError: the directory holds a demo already.
        LibreDBError: the database failed, or was refused.
    """
    with _place(options.directory) as path:
        console.say(f"libredb {libredb.__version__} on Python {platform.python_version()}")
        console.say(f"Database: {path}{'' if options.directory else ' (removed at the end)'}")
        data = characters.named_characters(options.characters)
        with libredb.open(path) as db:
            _load(console, db, data)
            _read(console, db)
            _compact(console, db)
        killed, problems = _kill(console, path, options.kills, after_kill)
        problems += _check(console, path, data, killed)
    return _verdict(console, list(dict.fromkeys(problems)))


@contextmanager
def _place(directory: Path | None) -> Iterator[Path]:
    """Yield the path of a database that does not exist yet."""
    if directory is None:
        with whole(tempfile.TemporaryDirectory(prefix="libredb-demo-")) as temporary:
            yield Path(temporary) / FILE_NAME
        return
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / FILE_NAME
    if path.exists():
        raise UsageError(f"{path} is there already; remove it or choose another --directory")
    yield path


def _load(console: Console, db: Database, data: Sequence[Character]) -> None:
    _title(console, f"Load the named characters of Unicode {unicodedata.unidata_version}")
    console.say("   Names as text keys, characters as documents with an index on their category,")
    console.say("   a few blocks and their letters as typed tables; every commit is synced.")
    started = time.perf_counter()
    commits = characters.load(db, data, console.progress(len(data), "characters"))
    seconds = time.perf_counter() - started
    rows = blocks.load(db, data)
    console.say(f"   {len(data):,} characters in {commits:,} commits: {seconds:.2f} s")
    console.say(f"   {_rate(len(data), seconds)} characters/s, {_rate(commits, seconds)} commits/s")
    console.say(f"   {rows:,} rows of tables in 1 commit")


def _read(console: Console, db: Database) -> None:
    _title(console, "Read, through all lenses")
    console.say("   Text keys: what is the code point of this name?")
    asked = ["LATIN SMALL LETTER E WITH ACUTE", "GREEK SMALL LETTER OMEGA", "EURO SIGN"]
    for name, id_ in zip(asked, characters.names_in(db).get_many(asked), strict=True):
        if id_ is not None:
            console.say(f"     {name:<36}{id_}")
    documents = characters.documents_in(db)
    signs = documents.find({"category": "Sc"}, order_by="id", limit=SHOWN)
    console.say(f"   Documents: which are currency signs? {signs.explain()}")
    for document in signs:
        _say_character(console, characters.character_of(document))
    greek = documents.find({"id": {"$gte": GREEK_FIRST, "$lte": GREEK_LAST}})
    console.say(f"   The Greek block is one range of ids with {greek.count()} characters, such as:")
    for document in documents.find({"id": {"$gte": GREEK_ALPHA, "$lte": GREEK_LAST}}, limit=SHOWN):
        _say_character(console, characters.character_of(document))
    _read_tables(console, db)


def _read_tables(console: Console, db: Database) -> None:
    console.say("   Tables: blocks, joined with their letters")
    letters = blocks.letters_in(db)
    counts = letters.group_by(lambda letter: letter.block).count()
    few = blocks.blocks_in(db).where(lambda block: block.first >= 0x0370)
    few = few.order_by(lambda block: block.first).limit(SHOWN)
    pairs = few.join(letters, lambda block: block.name, lambda letter: letter.block)
    shown: set[str] = set()
    for block, letter in pairs:
        if block.name not in shown:
            shown.add(block.name)
            console.say(f"     {block.name:<18}{counts[block.name]:4}  from {letter.name}")


def _say_character(console: Console, character: Character) -> None:
    code, category, name = character
    console.say(f"     U+{code:04X}  {chr(code)}  {category}  {name}")


def _compact(console: Console, db: Database) -> None:
    _title(console, "Compact")
    started = time.perf_counter()
    report = db.compact()
    seconds = time.perf_counter() - started
    sizes = f"From {_mebibytes(report.bytes_before)} to {_mebibytes(report.bytes_after)}"
    console.say("   A new file with only what is live takes the place of the old one, and opens")
    console.say("   in a moment. Little was overwritten here, so there is little to drop.")
    console.say(f"   {sizes}, {seconds:.2f} s; {report.entries:,} entries")


def _kill(
    console: Console, path: Path, kills: int, after_kill: Callable[[Path], None] | None
) -> tuple[list[Killed], list[str]]:
    """Kill writers 1 to `kills`; return what they acknowledged and what is wrong with it."""
    _title(console, f"Kill a writer in mid-commit, {kills} times")
    console.say("   A second process commits as fast as it can, and acknowledges through a pipe")
    console.say("   what is durable. SIGKILL stops it in the middle of a commit. Then the file is")
    console.say("   reopened, and every acknowledged commit has to be there.")
    console.say()
    console.say("   kill  acknowledged  found  reopened in  recovery")
    results: list[Killed] = []
    problems: list[str] = []
    for number in range(1, kills + 1):
        results.append(kill_in_mid_commit(path, number))
        if after_kill is not None:
            after_kill(path)
        acknowledged = results[-1].acknowledged
        reports: list[RecoveryReport] = []
        started = time.perf_counter()
        with libredb.open(path, mode="rw", on_recovery=reports.append) as db:
            seconds = time.perf_counter() - started
            with db.read() as tx:
                found, wrong = writer.problems(tx, number, acknowledged)
        problems += wrong
        console.say(
            f"   {number:4}  {acknowledged:12,}  {found:5,}  {seconds:9.2f} s  "
            + (_describe(reports[0]) if not wrong else f"MISSING OR DAMAGED: {len(wrong)}")
        )
    _sum_up(console, results)
    return results, problems


def _describe(report: RecoveryReport) -> str:
    """Say in a few words what recovery did."""
    if report.outcome == "cut":
        return f"cut {len(report.discarded):,} bytes of a torn commit"
    again = report.version - report.durable_version
    return f"nothing torn; synced {again} commit again" if again else "nothing to do"


def _sum_up(console: Console, results: Sequence[Killed]) -> None:
    if not results:
        return
    total = sum(killed.acknowledged for killed in results)
    speed = median(killed.commits_per_second for killed in results)
    console.say()
    console.say("   Found one more than acknowledged: it was whole, and the kill came before its")
    console.say("   acknowledgement. Torn: half a commit was there, and nobody was told of it.")
    console.say(f"   {total:,} commits acknowledged, at {speed:,.0f} commits/s")


def _check(
    console: Console, path: Path, data: Sequence[Character], killed: Sequence[Killed]
) -> list[str]:
    """Reopen and look at every entry; return what is wrong."""
    _title(console, "Check everything")
    started = time.perf_counter()
    with libredb.open(path, mode="r") as db, db.read() as tx:
        console.say(f"   Reopened in {time.perf_counter() - started:.2f} s")
        show = console.progress(len(data), "characters checked")
        problems = characters.problems(db, data, show)
        wrong = blocks.blocks_in(db).check() + blocks.letters_in(db).check()
        problems += [f"tables: {problem}" for problem in wrong]
        for number, result in enumerate(killed, start=1):
            problems += writer.problems(tx, number, result.acknowledged)[1]
    console.say(f"   Looked for {len(data):,} characters, by code point and by name,")
    console.say(f"   and for {sum(k.acknowledged for k in killed):,} acknowledged commits")
    return problems


def _verdict(console: Console, problems: Sequence[str]) -> int:
    console.say()
    if not problems:
        console.say("Nothing is missing.")
        return 0
    console.say(f"MISSING OR DAMAGED: {len(problems):,}")
    for problem in problems[:SHOWN]:
        console.say(f"   {problem}")
    if len(problems) > SHOWN:
        console.say(f"   and {len(problems) - SHOWN:,} more")
    return MISSING


def _title(console: Console, text: str) -> None:
    console.say()
    console.say(text)


def _rate(count: int, seconds: float) -> str:
    return f"{count / max(seconds, sys.float_info.epsilon):,.0f}"


def _mebibytes(count: int) -> str:
    return f"{count / (1 << 20):.1f} MiB"
