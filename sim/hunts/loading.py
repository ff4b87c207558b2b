"""Loads a broken copy of the package, and finds out which profiles notice.

The copy exists in memory only: its modules are compiled from changed source under the names of the
real ones, which are put back at once. Both live side by side afterwards, and the real one is never
touched. Absent on purpose: mutation by machine; each mutant in the catalogue is a mistake with
a meaning.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import libredb
from sim.campaigns.parts import PARTS, PLANS, run_share
from sim.judge.oracle import Violation
from sim.judge.runner import run
from sim.mutants.catalogue import MUTANTS
from sim.mutants.mutant import Mutant
from sim.plans.plan import Plan
from sim.plans.profiles import PROFILES

PACKAGE = "libredb"
STRIDE = 128
"""Plans that are neighbours are alike, so what one of them finds is found sooner by steps."""


class MovedError(Exception):
    """The text that a mutant replaces is not in its file exactly once."""


class _Loader(importlib.abc.SourceLoader, importlib.abc.MetaPathFinder):
    """Loads the modules of one mutant from text."""

    def __init__(self, sources: dict[str, str]) -> None:
        self._sources = sources

    def get_filename(self, fullname: str) -> str:
        return f"<mutant of {fullname}>"

    def get_data(self, path: str) -> bytes:
        return self._sources[path.removeprefix("<mutant of ").removesuffix(">")].encode()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname not in self._sources:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=self.get_filename(fullname))


def path_of(mutant: Mutant) -> str:
    """Return where in the package the file is that `mutant` changes: in the kernel or in a lens."""
    return mutant.file if "/" in mutant.file else f"kernel/{mutant.file}"


def changed_source(mutant: Mutant) -> str:
    """Return the source of the file that `mutant` changes, changed.

    Raises:
        MovedError: the kernel has changed and the mutant has to follow.
    """
    text = (Path(libredb.__file__).parent / path_of(mutant)).read_text(encoding="utf-8")
    for old, new in mutant.changes:
        if text.count(old) != 1:
            raise MovedError(f"{mutant.name}: {text.count(old)} times in {mutant.file}: {old!r}")
        text = text.replace(old, new)
    return text


def loader_of(mutant: Mutant) -> importlib.abc.MetaPathFinder:
    """Return what imports the file that a mutant changes, changed, if it stands first."""
    module = path_of(mutant).removesuffix(".py").replace("/", ".")
    return _Loader({f"{PACKAGE}.{module}": changed_source(mutant)})


def load(mutant: Mutant) -> Any:
    """Return a libredb whose kernel, or one of whose lenses, has the mistake."""
    loader = loader_of(mutant)
    real = {name: sys.modules[name] for name in sys.modules if name.split(".")[0] == PACKAGE}
    for name in real:
        del sys.modules[name]
    sys.meta_path.insert(0, loader)
    try:
        package = importlib.import_module(PACKAGE)
        for name in package.__all__:  # later, what is loaded on demand would be the real kernel's
            getattr(package, name)
    finally:
        sys.meta_path.remove(loader)
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]
        sys.modules.update(real)
    return package


def find(name: str) -> Mutant:
    """Return the mutant of that name."""
    return next(mutant for mutant in MUTANTS if mutant.name == name)


def killed_by(kernel: Any, profile: str, seeds: int) -> str | None:
    """Return the first violation that a profile or enumeration finds in `kernel`, or None."""
    if profile in PROFILES:
        plans = map(PROFILES[profile].plan, range(seeds))
    elif profile in PLANS:
        plans = _by_strides(PLANS[profile](kernel))
    else:
        shares = PARTS[profile].sample
        tally = run_share(profile, shares - 1, shares, kernel)
        return tally.failures[0][1] if tally.failures else None
    try:
        for plan in plans:
            violation = run(plan, kernel=kernel).violation
            if violation is not None:
                return f"seed {plan.seed}: {violation}" if profile in PROFILES else str(violation)
    except Violation as violation:  # while the calls of an operation were counted
        return str(violation)
    return None


def _by_strides(plans: Iterable[Plan]) -> Iterator[Plan]:
    every = list(plans)
    for start in range(STRIDE):
        yield from every[start::STRIDE]
