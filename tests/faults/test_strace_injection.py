"""Whatever call of an operation fails or is the last, the contract holds on the real system.

A worker does one operation. A plain run under strace counts its calls; then it runs again for each
of them, and that call fails with EIO or ENOSPC, or it and all of its kind after it do, or the
process is killed as it makes the call. What the worker tells must be what it tells without a fault
up to there, then one error, then refusals alone, or, where a compaction fails before its header,
work as if nothing had been; and the file must hold every acknowledged commit, at most those begun
besides, and be a compacted log or not, never half of one.
"""

import errno
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

import libredb
from tests.faults import worker
from tests.faults.commits import count_of, fill, leave_torn, state_after
from tests.faults.strace import STORAGE_CALLS, TOLD, Call, Traced, run_traced
from tests.support.calls import REFUSABLE

pytestmark = pytest.mark.cpython(reason="makes system calls fail with strace")

COUNT = 150
"""How many commits the database has that most operations start with."""

TORN_COUNT = 153

CALLS = {
    "create": {"pwrite64", "fdatasync", "fsync", "rename"},
    "reopen": {"pwrite64", "fdatasync", "fsync"},
    "recover": {"pwrite64", "ftruncate", "fdatasync", "fsync"},
    "commit": {"pwrite64", "fdatasync"},
    "group": {"pwrite64", "fdatasync"},
    "window": {"pwrite64", "fdatasync"},
    "close": {"pwrite64", "ftruncate", "fdatasync"},
    "close a window": {"pwrite64", "ftruncate", "fdatasync"},
    "compact": {"pwrite64", "fdatasync", "fsync", "rename"},
}
"""Which calls each operation makes, whatever rename is called on the machine."""

OPENS = {"create", "reopen", "recover"}
REFUSALS = [f"{name} DatabaseFailedError StorageError" for name in REFUSABLE]


@dataclass(frozen=True)
class Fault:
    """What happens at a call: `error` (None is a kill), once or from then on."""

    error: int | None
    lasts: bool = False

    def at(self, call: Call) -> str:
        """Return it as strace wants to be told."""
        kind = "signal=KILL" if self.error is None else f"error={errno.errorcode[self.error]}"
        return f"{call.name}:{kind}:when={call.number}{'+' if self.lasts else ''}"


FAULTS = {
    "EIO": Fault(errno.EIO),
    "ENOSPC": Fault(errno.ENOSPC),
    "ENOSPC from then on": Fault(errno.ENOSPC, lasts=True),
    "KILL": Fault(None),
}


@dataclass
class Workshop:
    """Runs workers on copies of prepared databases, and remembers the plain runs."""

    strace: str
    folder: Path

    def __post_init__(self) -> None:
        """Prepare the databases."""
        self.plain_runs: dict[str, Traced] = {}
        self.clean = str(self.folder / "clean")
        self.torn = str(self.folder / "torn")
        fill(self.clean, COUNT)
        fill(self.torn, COUNT)
        leave_torn(self.torn, TORN_COUNT)

    def run(self, operation: str, name: str, inject: str | None = None) -> tuple[Path, Traced]:
        """Do an operation on a database of its own; return where it is, and what was seen."""
        place = self.folder / name
        place.mkdir()
        path = place / "db"
        if operation != "create":
            shutil.copyfile(self.torn if operation == "recover" else self.clean, path)
        if operation == "recover":
            (place / "db.next").write_bytes(b"left over")
        program = [worker.__file__, str(path), operation]
        return path, run_traced(self.strace, program, self.folder / f"{name}.log", inject=inject)

    def plain(self, operation: str) -> Traced:
        """Return what an operation does when nothing fails."""
        if operation not in self.plain_runs:
            path, seen = self.run(operation, f"plain {operation}")
            assert (seen.returncode, seen.errors) == (0, "")
            check_file(path, seen.told, operation)
            self.plain_runs[operation] = seen
        return self.plain_runs[operation]

    def calls(self, operation: str) -> list[Call]:
        """Return the calls between the begin and the end of an operation."""
        calls = self.plain(operation).calls
        begin = next(i for i, call in enumerate(calls) if call.tells("begin"))
        end = next(i for i, call in enumerate(calls) if call.tells("end"))
        names = {call.name for call in calls[begin + 1 : end]} - {TOLD}
        names = {"rename" if name.startswith("rename") else name for name in names}
        assert names == CALLS[operation], f"{operation} makes other calls than expected: {names}"
        return calls[begin + 1 : end + 1]

    def harmless(self, operation: str) -> list[Call]:
        """Return the calls that may fail without the database failing.

        They are those of a compaction that write the next file, up to its header. The sync before
        them makes pending commits durable, and is none of them.
        """
        if operation != "compact":
            return []
        calls = self.calls(operation)
        header = next(i for i, call in enumerate(calls) if call.is_header)
        return calls[1:header]


@pytest.fixture(scope="module")
def workshop(strace: str, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Prepare everything once."""
    return Workshop(strace, tmp_path_factory.mktemp("injection"))


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Keep every core busy with a worker."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as executor:
        yield executor


def last_number(told: list[str], *words: str) -> int:
    """Return the number told last with one of these words, 0 if there is none."""
    lines = [line.split() for line in told]
    return max((int(line[1]) for line in lines if line[0] in words), default=0)


def check_file(path: Path, told: list[str], operation: str) -> None:
    """Assert what the contract says of the file after a worker that told this is gone."""
    acknowledged = last_number(told, "ack", "shows")
    begun = max(last_number(told, "try"), acknowledged, 0 if operation == "create" else COUNT)
    if operation == "recover":
        acknowledged, begun = max(acknowledged, TORN_COUNT), max(begun, TORN_COUNT)
    elif operation != "create":
        acknowledged = max(acknowledged, COUNT)
    if path.exists():
        report = libredb.verify(path)
        assert report.outcome in {"clean", "cut"}, report
        assert report.generation in ({0, 1} if operation == "compact" else {0}), report
    with libredb.open(path) as db:
        found = count_of(db)
        assert acknowledged <= found <= begun, (acknowledged, found, begun)
        assert dict(db.scan()) == state_after(found)
        db.transact(lambda tx: worker.commit(tx, found + 1))
    with libredb.open(path, mode="rw") as db:
        assert dict(db.scan()) == state_after(found + 1)
    assert {file.name for file in path.parent.iterdir()} == {"db", "db.lock"}


def check_killed(seen: Traced, plain: Traced, call: Call) -> None:
    """Assert that the process ended at the call, having told what it tells until then."""
    assert (seen.returncode, seen.errors) == (-signal.SIGKILL, "")
    assert seen.told == plain.told[: len(seen.told)]
    assert (seen.calls[-1].name, seen.calls[-1].number) == (call.name, call.number)


def what_follows(workshop: Workshop, operation: str, fault: Fault, call: Call) -> list[str]:
    """Return what a worker has to tell between its error and the next opening."""
    if operation in OPENS:
        return []
    if operation.startswith("close"):
        return ["closed"]
    if call not in workshop.harmless(operation):
        return [*REFUSALS, "closed"]
    told = workshop.plain(operation).told
    count = last_number(told[: told.index("begin")], "try") + 1
    healthy = ["healthy", f"ack {count - 1}", f"try {count}"]
    if not fault.lasts:
        return [*healthy, f"returned {count}", f"ack {count}", "closed"]
    # Then the commit fails, or the sync that begins the next compaction, and these latch.
    returned = [] if call.name == "pwrite64" else [f"returned {count}"]
    return [*healthy, *returned, f"failed StorageError {fault.error}", *REFUSALS, "closed"]


def check_failed(seen: Traced, plain: Traced, fault: Fault, expected: list[str]) -> None:
    """Assert one error, what must follow it, a silent close, and a database that opens again."""
    assert (seen.returncode, seen.errors) == (0, "")
    at = next(i for i, line in enumerate(seen.told) if line.startswith("failed"))
    before, after = seen.told[:at], seen.told[at + 1 :]
    assert seen.told[at] == f"failed StorageError {fault.error}"
    assert before == plain.told[:at]
    assert "begin" in before
    assert "end" not in before
    assert after[: len(expected)] == expected
    again = after[len(expected) :]
    if fault.lasts and again[-1] != "closed":
        assert again[-1] == f"again StorageError {fault.error}"
    else:
        assert [line.split()[0] for line in again] == ["shows", "try", "ack", "closed"]


def inject(workshop: Workshop, operation: str, fault: Fault, call: Call) -> None:
    """Do the operation with a fault at a call, and assert everything that must hold then."""
    inject = fault.at(call)
    plain = workshop.plain(operation)
    path, seen = workshop.run(operation, f"{operation} {inject}", inject)
    if fault.error is None:
        check_killed(seen, plain, call)
        # A killed process takes nothing with it that it handed over.
        kept = last_number(seen.told, "returned")
    else:
        kept = 0
        injected = [one for one in seen.calls if one.injected]
        assert (injected[0].name, injected[0].number) == (call.name, call.number)
        assert fault.lasts or len(injected) == 1
        if call.is_room and not fault.lasts:
            assert (seen.returncode, seen.errors, seen.told) == (0, "", plain.told)
        else:
            check_failed(seen, plain, fault, what_follows(workshop, operation, fault, call))
    told = [*seen.told, f"ack {kept}"]
    check_file(path, told, operation)
    shutil.rmtree(path.parent)


def what_is_wrong(workshop: Workshop, operation: str, fault: Fault, call: Call) -> str | None:
    """Return what does not hold with a fault at this call, or None."""
    try:
        inject(workshop, operation, fault, call)
    except AssertionError as error:
        return f"{operation} with {fault.at(call)}, at {call.arguments}: {error}"
    return None


def test_a_compaction_may_fail_between_the_sync_before_it_and_its_header(
    workshop: Workshop,
) -> None:
    calls = [call for call in workshop.calls("compact") if call.name in STORAGE_CALLS]
    harmless = workshop.harmless("compact")
    assert [call.name for call in harmless] == [
        *("pwrite64", "pwrite64", "pwrite64", "fdatasync"),  # the pages, and two records
        *("pwrite64", "fdatasync"),  # the durable mark
    ]
    others = [call.name[:6] for call in calls if call not in harmless]
    assert others == ["fdatas", "pwrite", "fdatas", "rename", "fsync"]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("operation", worker.OPERATIONS)
def test_the_contract_holds_when_any_call_of_an_operation_fails_or_is_the_last(
    workshop: Workshop, pool: ThreadPoolExecutor, operation: str, fault: Fault
) -> None:
    # A kill is tried at what is told as well: between a commit's return and its acknowledgement.
    names = {*STORAGE_CALLS, TOLD} if fault.error is None else {*STORAGE_CALLS}
    calls = [call for call in workshop.calls(operation) if call.name in names]
    assert len(calls) >= len(CALLS[operation])
    wrong = pool.map(partial(what_is_wrong, workshop, operation, fault), calls)
    failures = [reason for reason in wrong if reason is not None]
    assert not failures, "\n\n".join(failures)
