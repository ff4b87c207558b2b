"""Claim: Ctrl-C and SIGTERM end a command at once, and leave nothing behind.

Nothing means: no temporary folder, no writer, no lock. Real processes get real signals; the moments
in which something is half made are met by a signal that the test sends to itself.
"""

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import libredb
from libredb.cli.demo import kill, writer
from libredb.cli.demo import story as demo
from libredb.cli.ending import TERMINATED, hear_again, terminable, whole
from libredb.cli.main import main
from tests.unit.cli.running import raise_error, read_until, start_demo

pytestmark = [pytest.mark.cpython, pytest.mark.slow]  # it starts processes and kills them

ENDS = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""The signals that end a command, and its exit code then."""


def send(number: signal.Signals) -> None:
    """Send this thread a signal; unless it has to wait, it is heard before this returns.

    Sent to the process, it could reach the thread of faulthandler, which pytest starts for each
    test, before that one has begun to block signals.
    """
    signal.pthread_kill(threading.get_ident(), number)


def processes_with(text: str) -> list[str]:
    """Return the command lines of all processes that mention `text`."""
    found: list[str] = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended while we looked
            found.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in found if text in line]


# The command


def test_interruption_kills_the_writer_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kill, "_wait", raise_error(KeyboardInterrupt()))
    assert main(["demo", "--directory", str(tmp_path), "--characters", "9"]) == 130
    assert capsys.readouterr().err.endswith("Interrupted. The writer process was killed.\n")
    libredb.open(tmp_path / demo.FILE_NAME, mode="rw").close()  # nobody holds the lock


@pytest.mark.parametrize("number", ENDS, ids=lambda number: number.name)
@pytest.mark.parametrize(
    ("line", "writes"),
    [("Load the named", False), ("kill  acknowledged", False), ("kill  acknowledged", True)],
    ids=["loading", "starting a writer", "a writer runs"],
)
def test_a_signal_leaves_neither_a_folder_nor_a_writer(
    number: signal.Signals, line: str, *, writes: bool, tmp_path: Path
) -> None:
    # SIGTERM left the temporary folder there, 30 MB of it, and the writer went on until it noticed.
    with start_demo("--characters", "9000", "--kills", "999", temporary=tmp_path) as process:
        read_until(process, line)
        while writes and not processes_with(str(tmp_path)):
            assert process.poll() is None
        process.send_signal(number)
        errors = process.communicate()[1]
    assert process.returncode == ENDS[number]
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
    assert processes_with(str(tmp_path)) == []


@pytest.mark.parametrize("number", ENDS, ids=lambda number: number.name)
def test_a_signal_leaves_a_database_that_somebody_asked_for(
    number: signal.Signals, tmp_path: Path
) -> None:
    arguments = ["--characters", "9", "--kills", "999", "--directory", str(tmp_path)]
    with start_demo(*arguments) as process:
        read_until(process, "recovery")
        process.send_signal(number)
        errors = process.communicate()[1]
    assert process.returncode == ENDS[number]
    assert "Traceback" not in errors
    assert ("\nInterrupted." in errors) == (number == signal.SIGINT)
    libredb.open(tmp_path / demo.FILE_NAME, mode="rw").close()  # nobody holds the lock


# The exception


def test_sigterm_is_an_exception_in_the_block_and_the_default_after_it() -> None:
    with pytest.raises(SystemExit) as stopped, terminable():
        send(signal.SIGTERM)
    assert stopped.value.code == TERMINATED == 143
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_sigterm_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with terminable():
            send(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_command_in_another_thread_leaves_signals_alone() -> None:
    codes: list[int] = []
    thread = threading.Thread(
        target=lambda: codes.append(main(["demo", "--characters", "0", "--kills", "0"]))
    )
    thread.start()
    thread.join()
    assert codes == [0]


# Whole or not at all


@contextmanager
def thing(events: list[str], number: signal.Signals, moment: str) -> Iterator[None]:
    """Note that a thing is made and removed; a signal comes at `moment`, in the middle of it."""
    events.append("making")
    if moment == "making":
        send(number)
    events.append("made")
    try:
        yield
    finally:
        events.append("removing")
        if moment == "removing":
            send(number)
        events.append("removed")


@pytest.mark.parametrize("number", ENDS, ids=lambda number: number.name)
@pytest.mark.parametrize("moment", ["making", "inside", "removing"])
def test_a_thing_is_made_and_removed_whole_whenever_the_signal_comes(
    number: signal.Signals, moment: str
) -> None:
    events: list[str] = []
    with pytest.raises((KeyboardInterrupt, SystemExit)), terminable():  # noqa: PT012 - the order
        with whole(thing(events, number, moment)):
            if moment == "inside":
                send(number)
            events.append("used")
        events.append("not reached")
    used = ["used"] if moment == "removing" else []
    assert events == ["making", "made", *used, "removing", "removed"]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


def test_the_end_of_a_writer_that_is_being_started_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Started(subprocess.Popen[bytes]):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)  # type: ignore[call-overload] - whatever it was
            started.append(self)
            send(signal.SIGTERM)

    monkeypatch.setattr(kill.subprocess, "Popen", Started)
    libredb.open(tmp_path / "notes.libredb").close()
    with pytest.raises(SystemExit), terminable():
        kill.kill_in_mid_commit(tmp_path / "notes.libredb", 1)
    assert [process.returncode for process in started] == [-signal.SIGKILL]


def test_a_writer_hears_the_signals_that_waited_while_it_was_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "notes.libredb"
    libredb.open(path).close()

    def terminate(*_: object) -> None:
        send(signal.SIGTERM)

    monkeypatch.setattr(writer, "write", terminate)
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    try:
        with pytest.raises(SystemExit), terminable():
            writer.main(str(path), "1")
    finally:
        hear_again()
