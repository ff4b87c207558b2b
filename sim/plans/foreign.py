"""Bytes that look like a log and are none: other programs, other versions, cunning values.

The simulator knows this much of the format, so that it can make what a crash or a user could have
made. Absent on purpose: whole valid files; those the kernel makes itself.
"""

import zlib

from sim.world.generator import POOL, Generator

PAGES = 8192

FOREIGN = (
    "text",
    "image",
    "sqlite",
    "zeros",
    "version 0",
    "version 1",
    "newer",
    "flags",
    "fuzzed",
    "noise",
)


def foreign(kind: str, generator: Generator) -> bytes:
    """Return a file that is not a database of this version."""
    length = generator.pick((1, 3, 35, 36, 200, 4096, 8191, 8192, 8193, 9000))
    filler = generator.octets(length) if generator.chance(0.5) else bytes(length)
    snapshot = generator.below(2)
    starts = {
        "text": b"Dear diary,\n",
        "image": b"\x89PNG\r\n\x1a\n",
        "sqlite": b"SQLite format 3\0",
        "zeros": b"",
        "noise": b"\x7f" + generator.octets(40),
        "version 0": _old_record(generator.octets(9)),
        "version 1": b"LRDB\0\1\0\0" + _old_record(generator.octets(9)),
        "newer": header(version=generator.between(3, 65535), snapshot=snapshot),
        "flags": header(flags=1 << generator.below(16), snapshot=snapshot),
    }
    if kind == "fuzzed":
        data = header(snapshot=snapshot).ljust(PAGES, b"\0") + filler
        bit = generator.below(44 * 8)
        return data[: bit >> 3] + bytes((data[bit >> 3] ^ 1 << (bit & 7),)) + data[(bit >> 3) + 1 :]
    if kind == "zeros":
        return bytes(8193 + length)
    return starts[kind] + filler


def header(*, version: int = 2, flags: int = 0, snapshot: int = 0, base: int = 0) -> bytes:
    """Return a file header with a good check, as the format describes it."""
    fields = b"LRDB" + version.to_bytes(2, "big") + flags.to_bytes(2, "big") + POOL[:16]
    fields += base.to_bytes(8, "big") + bytes(4) + snapshot.to_bytes(4, "big")
    return fields + zlib.crc32(fields).to_bytes(4, "big")


def empty_log(base: int) -> bytes:
    """Return a closed database without entries, whose last commit is number `base`."""
    head = header(base=base)
    mark = PAGES.to_bytes(8, "big")
    mark += zlib.crc32(mark, zlib.crc32(head[:36])).to_bytes(4, "big")
    return head.ljust(PAGES // 2, b"\0") + mark.ljust(PAGES // 2, b"\0")


def _old_record(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + zlib.crc32(payload).to_bytes(4, "big") + payload


def value_from_log(image: bytes, version: int, kind: str, first: int, second: int) -> bytes:
    """Return bytes as they are in a log: a piece of it, or what looks like a later record's header.

    A value that holds a header with a good check ("future") is what a chance match of the check
    looks like; nobody needs to wait 2**32 bytes for one. "near" has a likely version, and a check
    that is wrong in every bit: with one wrong bit, a tear of the last byte could mend it. "zero" is
    a value of a length that lets the check of its own record header end in a zero byte, if it is
    the only op and its key has `second` bytes.
    """
    if kind == "log":
        return image[first : first + second]
    if kind == "zero":
        return _ending_in_zero(zlib.crc32(image[:36]), version + 1, first, second)
    number = version + first if kind == "near" else first << 20
    fields = number.to_bytes(8, "big") + bytes(4) + second.to_bytes(4, "big")
    good = zlib.crc32(fields, zlib.crc32(image[:36]))
    wrong = 0xFFFFFFFF if kind == "near" else 0
    return POOL[:400] + fields + (good ^ wrong).to_bytes(4, "big")


def _ending_in_zero(check_seed: int, version: int, start: int, key_length: int) -> bytes:
    for length in range(4096):
        payload_length = 9 + key_length + length
        fields = version.to_bytes(8, "big") + payload_length.to_bytes(8, "big")
        if zlib.crc32(fields, check_seed) & 0xFF == 0:
            return POOL[start : start + length]
    return b""
