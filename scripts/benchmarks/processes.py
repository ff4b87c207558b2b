"""A contender in a process of its own, forked from one that has loaded no database.

So nobody's heap is in anybody's way, and which libredb is loaded is decided by the process: this
one, or that of another checkout. A contender that waits for its turn sleeps in a read.
Absent on purpose: Windows, which cannot fork.
"""

import importlib
import multiprocessing
import sys
import traceback
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, cast

from scripts.benchmarks.row import FailedError, Figures, Job, Refusal, Workload

if TYPE_CHECKING:
    import libredb

ROOT = Path(__file__).resolve().parents[2]

_FORK = multiprocessing.get_context("fork")


class Contender(Protocol):
    """Somebody who does the work of a row, round by round; the first round prepares."""

    def round(self) -> Figures:
        """Do one round.

        Raises:
            Refusal: it cannot take part.
            FailedError: it broke.
        """
        ...

    def close(self) -> None:
        """End it, and delete what it wrote."""
        ...


class Process:
    """A contender in a process of its own."""

    def __init__(self, workload: Workload, job: Job, checkout: Path) -> None:
        """Start it; `checkout` is where its libredb comes from."""
        self._pipe, theirs = _FORK.Pipe()
        self._process = _FORK.Process(
            target=_serve, args=(theirs, workload, job, checkout), daemon=True
        )
        self._process.start()
        theirs.close()

    def round(self) -> Figures:
        """Do one round; see `Contender`."""
        try:
            self._pipe.send("round")
            answer: Figures | Exception = self._pipe.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            code = self._process.exitcode
            raise FailedError(f"the process ended with exit code {code}") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """End the process, and wait until it has."""
        with suppress(ConnectionError):
            self._pipe.send("end")
        self._process.join()
        self._pipe.close()


def library() -> ModuleType:
    """Return the libredb of this process: which one it is, sys.path decides.

    Its names have no types, because that of another checkout may have other ones.
    """
    return importlib.import_module("libredb")


def open_libredb(path: Path | None, **options: object) -> "libredb.Database":
    """Open a database of the libredb of this process.

    Raises:
        Refusal: it does not know one of the options.
    """
    try:
        return cast("libredb.Database", library().open(path, **options))
    except TypeError as error:
        if "unexpected keyword argument" in str(error):
            name = str(error).rpartition(" ")[2].strip("'")
            raise Refusal(f"this libredb lacks it: {name}") from None
        raise


def python_path() -> list[str]:
    """Return where a fresh interpreter finds the libredb of this process."""
    package = Path(str(library().__file__)).resolve().parent
    return [str(package.parent), str(package.parent / "adapters")]


def _serve(pipe: "Connection[Any, Any]", workload: Workload, job: Job, checkout: Path) -> None:
    """Answer until somebody says "end"."""
    sys.path[:0] = [str(checkout), str(checkout / "adapters")]
    assert "libredb" not in sys.modules, "the process that forks loads no libredb"
    try:
        job.folder.mkdir(parents=True, exist_ok=True)
        with closing(cast("Any", workload(job))) as rounds:
            while pipe.recv() == "round":
                pipe.send(next(rounds))
    except Refusal as refusal:
        pipe.send(refusal)
    except AttributeError as error:
        lacks = type(error.obj).__module__.partition(".")[0] == "libredb"
        told = Refusal(f"this libredb lacks it: {error.name}")
        pipe.send(told if lacks else FailedError(traceback.format_exc()))
    except EOFError:
        pass  # whoever asked is gone
    except Exception:  # noqa: BLE001 - whatever it is, the table tells it
        pipe.send(FailedError(traceback.format_exc()))
