"""What calls of a kv mean, and of a mapping: settings with deadlines, and raw keys.

Absent on purpose: versions of settings. A call reads one, and writes with it or with a stale one.
"""

from typing import Any

from sim.judge.lens.facts import Refusal, State


class MeantSettings(State):
    """What a kv and a mapping have to hold."""

    def visible(self, later: int = 0) -> dict[str, Any]:
        """Return the settings that are not expired, or will not be so many seconds later."""
        now, settings = self.now + later, self.settings.items()
        return {key: value for key, (value, until) in settings if until is None or now < until}

    def set(self, key: int, value: int, ttl: int) -> None:
        """Set a key, with a deadline or without one."""
        self.begin("settings")
        self.settings[f"k{key}"] = [value_of(value), self.now + ttl if ttl else None]

    def set_two(self, key: int, other: int, value: int) -> None:
        """Set two keys, or one twice."""
        self.set(key, value, 0)
        self.set(other, value + 1, 0)

    def set_if(self, key: int, value: int, stale: int) -> bool:
        """Set a key if its version is the one that was read; its deadline stays."""
        if not stale:
            self._set_again(f"k{key}", value_of(value))
        return not stale

    def set_old(self, key: int, value: int) -> bool | None:
        """Delete a key, set it again, and set it if it has the version from before that."""
        if not self.forget(key):
            return None
        self.set(key, value, 0)
        return False

    def incr(self, key: int, by: int) -> int:
        """Add to a number; its deadline stays."""
        old = self.visible().get(f"k{key}", 0)
        if type(old) is not int:
            raise Refusal("InvalidValueError")
        self._set_again(f"k{key}", old + by)
        return old + by

    def forget(self, key: int) -> bool:
        """Delete a key."""
        was_there = f"k{key}" in self.visible()
        self.settings.pop(f"k{key}", None)
        return was_there

    def forget_range(self, key: int, other: int) -> int:
        """Delete a range of keys."""
        return sum(self.forget(number) for number in range(key, other))

    def purge(self) -> int:
        """Delete what is expired, and nothing else."""
        gone = self.settings.keys() - self.visible().keys()
        for key in gone:
            del self.settings[key]
        return len(gone)

    def _set_again(self, key: str, value: object) -> None:
        self.begin("settings")
        deadline = self.settings[key][1] if key in self.visible() else None
        self.settings[key] = [value, deadline]

    # Raw keys

    def keep(self, number: int, value: int) -> None:
        """Set a raw key through a mapping."""
        self.raw[f"r{number}"] = f"v{value}"

    def lose(self, number: int) -> bool:
        """Delete a raw key through a mapping."""
        return self.raw.pop(f"r{number}", None) is not None


def value_of(number: int) -> int | str:
    """Return a value of a setting: mostly a number."""
    return number if number % 4 else f"text {number}"
