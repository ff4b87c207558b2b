"""A prefix, and the keys below it; whatever a lens reads is a range of them.

Each namespace has a prefix P = FE and a packed number, and none begins with the prefix of another.

    FE 15 07 | 01 | 02 "ada" 00                       the row of namespace 7 whose id is "ada"
    FE 15 07 | 03 | 15 02 | 20 "io" 00 | 02 "ada" 00  an entry of its index 2: fields, then the id

A row is found by the parts of its id, as `encoding` packs them. An entry of an index is found by
`at`, the joined order keys of its leading fields. What comes next can have bounds: `gt` or `gte`
below, `lt` or `lte` above, of two the tighter one. A range never reaches beyond what leads to it,
and may be empty.
"""

from dataclasses import dataclass

from libredb.kernel.errors import UsageValueError
from libredb.lens.keys.encoding import Part, Range, pack, prefix_range, unpack
from libredb.lens.keys.order_key import kind_range, order_key

_BEHIND = b"\xff"
"""Above every type code: a key and this byte are behind all that goes on after the key."""


@dataclass(frozen=True, slots=True)
class Subspace:
    """What lies under a prefix. It reads and writes nothing."""

    prefix: bytes

    def sub(self, tail: bytes) -> "Subspace":
        """Return the subspace of this prefix and `tail`, which for parts is what they pack to."""
        return Subspace(self.prefix + tail)

    def key(self, *parts: Part) -> bytes:
        """Return the key of these parts."""
        return self.prefix + pack(parts)

    def unpack(self, key: bytes) -> tuple[Part, ...]:
        """Return the parts of a key.

        Raises:
            UsageValueError: it is not below this prefix.
            DamagedEntryError: it is, and no parts pack to it.
        """
        if not key.startswith(self.prefix):
            raise UsageValueError(f"{key.hex(' ')} is not below {self.prefix.hex(' ')}")
        return unpack(key, len(self.prefix))

    def range(
        self,
        *parts: Part,
        gt: Part = None,
        gte: Part = None,
        lt: Part = None,
        lte: Part = None,
    ) -> Range:
        """Return the range of the keys that begin with these parts, the next one within bounds.

        None is no bound, for no part of an id is null. Without any argument it is all keys.
        """
        if not parts and gt is gte is lt is lte is None:
            return prefix_range(self.prefix)
        gt, gte, lt, lte = (None if part is None else pack((part,)) for part in (gt, gte, lt, lte))
        starts, ends = [b"", *_starts(gt, gte)], [_BEHIND, *_ends(lt, lte)]
        return _tightest(self.key(*parts), starts, ends)

    def equal(self, at: bytes) -> Range:
        """Return the range of the entries whose leading fields have these order keys."""
        return prefix_range(self.prefix + at)

    def between(
        self,
        at: bytes = b"",
        *,
        gt: bytes | None = None,
        gte: bytes | None = None,
        lt: bytes | None = None,
        lte: bytes | None = None,
    ) -> Range:
        """Return the range of the entries of `equal(at)` whose next field is within bounds.

        Bounds are order keys. Nothing but the kind of a bound is within it: no text is above 5, and
        nothing is above 5 and below "x".
        """
        starts, ends = _starts(gt, gte), _ends(lt, lte)
        kinds = [kind_range(bound) for bound in (*starts, *ends)]
        if not kinds:
            return self.equal(at)
        starts += [start for start, _ in kinds]
        ends += [end for _, end in kinds]
        return _tightest(self.prefix + at, starts, ends)

    def beginning(self, at: bytes, text: str | bytes) -> Range:
        """Return the range of the entries of `equal(at)` whose next field begins with `text`."""
        return prefix_range(self.prefix + at + order_key(text)[:-1])  # the last byte ends a text


def _starts(gt: bytes | None, gte: bytes | None) -> list[bytes]:
    return [low + tail for low, tail in ((gt, _BEHIND), (gte, b"")) if low is not None]


def _ends(lt: bytes | None, lte: bytes | None) -> list[bytes]:
    return [high + tail for high, tail in ((lt, b""), (lte, _BEHIND)) if high is not None]


def _tightest(base: bytes, starts: list[bytes], ends: list[bytes]) -> Range:
    start, end = base + max(starts), base + min(ends)
    return start, max(start, end)
