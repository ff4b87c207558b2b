"""What goes wrong in a test: one thing, at one call of the port.

A `Fault` is a hook of the simulator. Absent on purpose: an oracle; every test says itself what it
expects.
"""

from collections.abc import Callable
from typing import Any, Literal

from sim.world.filesystem import Crash, SimFileSystem

When = Literal["before", "after"]


class Fault:
    """A hook that lets `error` happen at the `at`-th call from now; 0 only counts the calls.

    It happens before or after the call takes effect. A `Crash` takes the whole process with it.
    """

    def __init__(
        self, fs: SimFileSystem, error: BaseException, at: int = 0, when: When = "before"
    ) -> None:
        self.fs = fs
        self.error = error
        self.at = at
        self.when = when
        self.names: list[str] = []
        fs.hook = self

    @property
    def happened(self) -> bool:
        """Whether the call was reached."""
        return 0 < self.at <= len(self.names)

    def __call__(
        self, name: str, where: str, effect: Callable[..., Any], arguments: tuple[Any, ...], /
    ) -> Any:
        self.names.append(name)
        if len(self.names) != self.at:
            return effect(*arguments)
        if self.when == "after":
            effect(*arguments)
        self.fs.dead = isinstance(self.error, Crash)
        raise self.error
