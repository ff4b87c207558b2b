"""Three log formats and what each makes of a damaged file: the model behind durability.md.

A format is a pair of pure functions: commits -> bytes, and bytes -> a judgement. The model
builds small logs, damages them in every way of the scenario table, lets each format judge the
result, and counts the judgements by class. It then lives through many crashes on a disk that
keeps cache and platter apart, and through every crash of a two-slot replacement.

Deliberately absent: libredb. The model shares no code with the kernel, so that a mistake in one
is not a mistake in both. Run `python docs/research/format_model.py`, with `--json` for a machine.
"""

from __future__ import annotations

import argparse
import json
import random
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise, product
from typing import Protocol
from zlib import crc32

SECTOR = 512
PAGE = 4096
RECORDS_START = 2 * PAGE
MAGIC = b"LRDB"
MINIMUM_RECORD = 29

Op = tuple[bytes, bytes | None]  # (key, value); None deletes
Commit = tuple[Op, ...]
State = dict[bytes, bytes]

CLASSES: tuple[str, ...] = ("ok", "refused", "lost last", "lost many", "wrong")


# ------------------------------------------------------------------------------------------------
# Randomness, commits, payloads
# ------------------------------------------------------------------------------------------------


class Chance:
    """The one source of choice: `random.Random(seed).random()` and nothing else."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, limit: int) -> int:
        return int(self._random.random() * limit)

    def bytes(self, length: int) -> bytes:
        return bytes(self.below(256) for _ in range(length))

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability


def make_commit(number: int, value: bytes) -> Commit:
    """One commit, made so that a repeated, missing or swapped one changes the state."""
    ops: list[Op] = [(b"n", b"%d" % number), (b"k%d" % number, value)]
    if number % 3 == 0:
        ops.append((b"k%d" % (number - 1), None))
    return tuple(ops)


def make_commits(chance: Chance, count: int, smallest: int = 8, largest: int = 48) -> list[Commit]:
    span = largest - smallest + 1
    return [
        make_commit(number, chance.bytes(smallest + chance.below(span)))
        for number in range(1, count + 1)
    ]


def states_of(commits: list[Commit], start: State | None = None) -> list[State]:
    """The state after each prefix: `states[k]` is what k commits make."""
    states: list[State] = [dict(start or {})]
    for commit in commits:
        state = dict(states[-1])
        apply(state, commit)
        states.append(state)
    return states


def apply(state: State, commit: Commit) -> None:
    for key, value in commit:
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value


def encode_payload(commit: Commit) -> bytes:
    parts: list[bytes] = []
    for key, value in commit:
        head = struct.pack(">BI", value is not None, len(key)) + key
        parts.append(head if value is None else head + struct.pack(">I", len(value)) + value)
    return b"".join(parts)


def decode_payload(payload: bytes) -> Commit | None:
    """The ops of a payload, or None if it is not a sequence of well-formed ops."""
    ops: list[Op] = []
    at = 0
    while at < len(payload):
        if at + 5 > len(payload) or payload[at] > 1:
            return None
        tag, length = struct.unpack_from(">BI", payload, at)
        key = payload[at + 5 : at + 5 + length]
        at += 5 + length
        value = None
        if tag:
            if at + 4 > len(payload):
                return None
            (size,) = struct.unpack_from(">I", payload, at)
            value = payload[at + 4 : at + 4 + size]
            at += 4 + size
        if at > len(payload):
            return None
        ops.append((key, value))
    return tuple(ops)


# ------------------------------------------------------------------------------------------------
# Snapshots: the first records of a compacted log hold sorted blocks instead of ops
# ------------------------------------------------------------------------------------------------

BLOCK_ENTRIES = 3
Entries = list[tuple[bytes, bytes]]
Block = tuple[int, int, int]  # offset in the payload, length, check


def make_snapshot(chance: Chance, records: int, entries: int = 7) -> list[Commit]:
    """The commits that the snapshot records stand for: keys ascend from record to record."""
    return [
        tuple((b"s%02d-%d" % (record, n), chance.bytes(6 + n)) for n in range(entries))
        for record in range(records)
    ]


def encode_blocks(commit: Commit, before: bytes | None) -> bytes:
    """A snapshot record's payload; `before` is the last key of the record before it, if any."""
    entries = [(key, value) for key, value in commit if value is not None]
    blocks: list[bytes] = []
    separators: list[bytes] = []
    for at in range(0, len(entries), BLOCK_ENTRIES):
        part = entries[at : at + BLOCK_ENTRIES]
        separators.append(b"" if before is None else shortest_between(before, part[0][0]))
        before = part[-1][0]
        lengths = [len(key) for key, _ in part] + [len(value) for _, value in part]
        columns = struct.pack(f">{1 + len(lengths)}I", len(part), *lengths)
        keys, values = b"".join(k for k, _ in part), b"".join(v for _, v in part)
        blocks.append(columns + keys + values)
    directory = [len(block) for block in blocks] + [crc32(block) for block in blocks]
    directory += [len(separator) for separator in separators]
    head = struct.pack(f">BI{len(directory)}I", 2, len(blocks), *directory)
    return head + b"".join(separators) + b"".join(blocks)


def shortest_between(before: bytes, first: bytes) -> bytes:
    """The shortest beginning of `first` that is above `before`."""
    return next(first[:n] for n in range(1, len(first) + 1) if first[:n] > before)


def decode_directory(payload: bytes) -> tuple[list[bytes], list[Block]] | None:
    """The separators and the blocks of a payload, None if its lengths do not add up."""
    if len(payload) < 5 or payload[0] != 2:
        return None
    (count,) = struct.unpack_from(">I", payload, 1)
    at = 5 + 12 * count
    if not count or at > len(payload):
        return None
    numbers = struct.unpack_from(f">{3 * count}I", payload, 5)
    separators: list[bytes] = []
    for length in numbers[2 * count :]:
        separators.append(payload[at : at + length])
        at += length
    blocks: list[Block] = []
    for length, check in zip(numbers[:count], numbers[count : 2 * count], strict=True):
        blocks.append((at, length, check))
        at += length
    ascending = all(a < b for a, b in pairwise(separators))
    return (separators, blocks) if at == len(payload) and ascending else None


def decode_block(block: bytes) -> Entries | None:
    """The entries of a block, None if its lengths do not add up or its keys do not ascend."""
    if len(block) < 4:
        return None
    (count,) = struct.unpack_from(">I", block)
    at = 4 + 8 * count
    if not count or at > len(block):
        return None
    cuts: list[bytes] = []
    for length in struct.unpack_from(f">{2 * count}I", block, 4):
        cuts.append(block[at : at + length])
        at += length
    keys, values = cuts[:count], cuts[count:]
    ascending = all(a < b for a, b in pairwise(keys))
    return list(zip(keys, values, strict=True)) if at == len(block) and ascending else None


def decode_blocks(payload: bytes) -> Commit | None:
    """The entries of a snapshot record as ops, None if anything about it is wrong."""
    directory = decode_directory(payload)
    if directory is None:
        return None
    ops: list[Op] = []
    for at, length, check in directory[1]:
        block = payload[at : at + length]
        entries = decode_block(block) if crc32(block) == check else None
        if entries is None:
            return None
        ops += entries
    return tuple(ops)


# ------------------------------------------------------------------------------------------------
# The three formats
# ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Image:
    """The bytes of a log, and where its records start; `starts[-1]` is the end of the last one."""

    data: bytes
    starts: tuple[int, ...]


@dataclass(frozen=True)
class Verdict:
    """What recovery makes of a file: a state, or a refusal (`state` is None)."""

    state: State | None
    reason: str = ""
    end: int = 0
    version: int = 0
    proven: int = 0
    chain: int = 0


REFUSED = Verdict(None, "refused")


class Format(Protocol):
    """A file format: how a log is written, and how recovery judges bytes."""

    @property
    def name(self) -> str: ...

    def build(
        self,
        commits: list[Commit],
        unsynced: list[int] | None = None,
        marked: int = 0,
        generation: int = 0,
    ) -> Image:
        """Encode `commits`; the first `marked` of them are covered by the durable mark, if any."""
        ...

    def judge(self, data: bytes) -> Verdict: ...

    def overhead(self) -> int: ...


class Headerless:
    """Version 0: `u32 length | u32 crc32(payload) | payload`, from offset 0. Nothing is refused."""

    name = "headerless (0)"

    def build(
        self,
        commits: list[Commit],
        unsynced: list[int] | None = None,
        marked: int = 0,
        generation: int = 0,
    ) -> Image:
        data = bytearray()
        starts: list[int] = []
        for commit in commits:
            payload = encode_payload(commit)
            starts.append(len(data))
            data += struct.pack(">II", len(payload), crc32(payload)) + payload
        return Image(bytes(data), (*starts, len(data)))

    def judge(self, data: bytes) -> Verdict:
        state: State = {}
        at = 0
        while at + 8 <= len(data):
            length, check = struct.unpack_from(">II", data, at)
            payload = data[at + 8 : at + 8 + length]
            if len(payload) < length or crc32(payload) != check:
                break
            commit = decode_payload(payload)
            if commit is None:
                break
            apply(state, commit)
            at += 8 + length
        return Verdict(state, end=at)

    def overhead(self) -> int:
        return 8


class TypeScriptOne:
    """Version 1: 8 header bytes, then `length | crc32(length) | crc32(payload) | payload`.

    Damage in a record's header refuses; a bad payload is a tear if and only if it is the last.
    """

    name = "TypeScript v1 (1)"
    header = MAGIC + struct.pack(">HH", 1, 0)

    def build(
        self,
        commits: list[Commit],
        unsynced: list[int] | None = None,
        marked: int = 0,
        generation: int = 0,
    ) -> Image:
        data = bytearray(self.header)
        starts: list[int] = []
        for commit in commits:
            payload = encode_payload(commit)
            length = struct.pack(">I", len(payload))
            starts.append(len(data))
            data += length + struct.pack(">II", crc32(length), crc32(payload)) + payload
        return Image(bytes(data), (*starts, len(data)))

    def judge(self, data: bytes) -> Verdict:
        if len(data) < 8:
            return Verdict({}) if self.header.startswith(data) else REFUSED
        if data[:8] != self.header:
            return REFUSED
        state: State = {}
        at = 8
        while at + 12 <= len(data):
            length, check_length, check = struct.unpack_from(">III", data, at)
            if crc32(data[at : at + 4]) != check_length:
                return REFUSED
            end = at + 12 + length
            if end > len(data):
                break
            payload = data[at + 12 : end]
            commit = decode_payload(payload) if crc32(payload) == check else None
            if commit is None:
                if end < len(data):
                    return REFUSED
                break
            apply(state, commit)
            at = end
        return Verdict(state, end=at)

    def overhead(self) -> int:
        return 12


@dataclass(frozen=True)
class FormatTwo:
    """Format 2. `without` names parts left out, for the table that shows why each one is there."""

    name: str = "format 2"
    without: frozenset[str] = frozenset()

    def header(self, generation: int, snapshot: int = 0, base: int = 0) -> bytes:
        if "salt and generation" in self.without:
            generation = 0
        salt = 0x5A17_0000_0000_0000 + generation * 0x9E37_79B9
        head = MAGIC + struct.pack(">HHQQQII", 2, 0, salt, 0xDB, base, generation, snapshot)
        return head + struct.pack(">I", crc32(head))

    def record(self, commit: Commit, version: int, unsynced: int, seed: int, chain: int) -> bytes:
        return self.record_of(encode_payload(commit), version, unsynced, seed, chain)

    def record_of(
        self, payload: bytes, version: int, unsynced: int, seed: int, chain: int
    ) -> bytes:
        if "unsynced" in self.without:
            unsynced = 0
        head = struct.pack(">QII", version, unsynced, len(payload))
        start = seed if "chain" in self.without else chain
        return (
            head
            + struct.pack(">II", crc32(head, seed), crc32(payload, crc32(head, start)))
            + payload
        )

    def mark(self, end: int, seed: int) -> bytes:
        length = struct.pack(">Q", end)
        return length + struct.pack(">I", crc32(length, seed))

    def build(
        self,
        commits: list[Commit],
        unsynced: list[int] | None = None,
        marked: int = 0,
        generation: int = 0,
        snapshot: int = 0,
        base: int = 0,
    ) -> Image:
        header = self.header(generation, snapshot, base)
        seed = chain = crc32(header[:36])
        data = bytearray(header.ljust(RECORDS_START, b"\0"))
        starts: list[int] = []
        last: bytes | None = None
        for index, commit in enumerate(commits):
            pending = unsynced[index] if unsynced else 0
            payload = encode_payload(commit)
            if index < snapshot:
                payload, last = encode_blocks(commit, last), commit[-1][0]
            record = self.record_of(payload, base + index + 1, pending, seed, chain)
            (chain,) = struct.unpack_from(">I", record, 20)
            starts.append(len(data))
            data += record
        starts.append(len(data))
        data[PAGE : PAGE + 12] = self.mark(starts[marked], seed)
        return Image(bytes(data), tuple(starts))

    def judge(self, data: bytes) -> Verdict:
        """Recovery, steps 2 to 5, over bytes alone."""
        if data == b"":
            return Verdict({}, "empty", RECORDS_START, 0, RECORDS_START, 0)
        reason = self._header_fault(data)
        if reason:
            return Verdict(None, reason)
        _, base, _, snapshot = struct.unpack_from(">QQII", data, 16)
        seed = crc32(data[:36])
        mark = self._read_mark(data, seed)
        if len(data) < mark:
            return Verdict(None, "shorter than the mark")
        return self._walk(data, seed, mark, snapshot, base)

    def _header_fault(self, data: bytes) -> str:
        """The first reason to refuse the file header, in the order that recovery asks; else ''."""
        crc_holds = data[40:44] == struct.pack(">I", crc32(data[:40]))
        reasons = (
            ("no magic", data[:4] != MAGIC),
            ("format version", data[4:6] != b"\0\2"),
            ("header crc", len(data) < 44 or not (crc_holds or "header crc" in self.without)),
            ("feature flags", data[6:8] != b"\0\0"),
            ("too short", len(data) < RECORDS_START),
        )
        return next((reason for reason, holds in reasons if holds), "")

    def _read_mark(self, data: bytes, seed: int) -> int:
        length, check = struct.unpack_from(">QI", data, PAGE)
        sound = crc32(data[PAGE : PAGE + 8], seed) == check and length >= RECORDS_START
        return length if sound and "mark" not in self.without else RECORDS_START

    def _walk(self, data: bytes, seed: int, mark: int, snapshot: int, base: int) -> Verdict:
        state: State = {}
        starts: list[int] = []
        at, chain, proven = RECORDS_START, seed, mark
        while record := self._record_at(data, at, seed, chain, len(starts), base):
            unsynced, body, payload = record
            commit = (decode_blocks if len(starts) < snapshot else decode_payload)(payload)
            if commit is None:
                return Verdict(None, "payload is not ops, or not blocks")
            apply(state, commit)
            starts.append(at)
            proven = max(proven, starts[len(starts) - 1 - unsynced])
            chain = body
            at += 24 + len(payload)
        count = len(starts)
        if count < snapshot and "snapshot count" not in self.without:
            return Verdict(None, "inside the snapshot")
        if at < mark:
            return Verdict(None, "below the mark")
        if "snapshot count" not in self.without:
            proven = max(proven, [*starts, at][snapshot])
        if "proof" not in self.without and self._proven(data, at, base + count + 1, seed):
            return Verdict(None, "proven")
        return Verdict(state, "", at, base + count, proven, chain)

    def _record_at(
        self, data: bytes, at: int, seed: int, chain: int, before: int, base: int
    ) -> tuple[int, int, bytes] | None:
        """The unsynced count, body crc and payload of a valid record at `at`, else None."""
        if at + 24 > len(data):
            return None
        version, unsynced, length, check, body = struct.unpack_from(">QIIII", data, at)
        head = data[at : at + 16]
        payload = data[at + 24 : at + 24 + length]
        start = seed if "chain" in self.without else chain
        valid = (
            crc32(head, seed) == check
            and (version == base + before + 1 or "version" in self.without)
            and len(payload) == length > 0
            and unsynced <= before
            and crc32(payload, crc32(head, start)) == body
        )
        return (unsynced, body, payload) if valid else None

    def _proven(self, data: bytes, end: int, expected: int, seed: int) -> bool:
        """Whether a header behind the end proves that record `expected` had been synced."""
        rest = len(data) - end
        if not data[end:].strip(b"\0"):
            return False
        newest = min(expected + rest // MINIMUM_RECORD, (1 << 64) - 1)
        low, high = expected.to_bytes(8, "big"), newest.to_bytes(8, "big")
        same = next((n for n in range(8) if low[n] != high[n]), 8)
        prefix = high[:same]  # the bytes that every plausible version begins with
        at = data.find(prefix, end)
        while 0 <= at <= len(data) - 20:
            version, unsynced, _, check = struct.unpack_from(">QIII", data, at)
            plausible = expected < version <= newest and version - unsynced > expected
            if plausible and crc32(data[at : at + 16], seed) == check:
                return True
            at = data.find(prefix, at + 1)
        return False

    def read_again(self, opened: bytes, data: bytes) -> Verdict:
        """What a database shows that opened `opened`, and whose file holds `data` by now.

        Blocks are read when they are asked for, and compared with the checks that opening has kept;
        what follows the snapshot is in memory.
        """
        _, _, _, snapshot = struct.unpack_from(">QQII", opened, 16)
        state: State = {}
        at = RECORDS_START
        for number in range(len(opened)):
            if at + 24 > len(opened):
                break
            (length,) = struct.unpack_from(">I", opened, at + 12)
            payload = opened[at + 24 : at + 24 + length]
            commit = decode_payload(payload)
            if number < snapshot:
                commit = self._blocks_again(payload, data[at + 24 : at + 24 + length])
            if commit is None:
                replaced = data[:44] != opened[:44]
                return Verdict(None, "another file" if replaced else "a damaged block")
            apply(state, commit)
            at += 24 + length
        return Verdict(state)

    def _blocks_again(self, opened: bytes, data: bytes) -> Commit | None:
        directory = decode_directory(opened)
        assert directory is not None, "opening has judged it"
        ops: list[Op] = []
        for at, length, check in directory[1]:
            block = data[at : at + length]
            sound = crc32(block) == check or "block check" in self.without
            entries = decode_block(block) if sound else None
            if entries is None:
                return None
            ops += entries
        return tuple(ops)

    def overhead(self) -> int:
        return 24


FORMATS: tuple[Format, ...] = (Headerless(), TypeScriptOne(), FormatTwo())


# ------------------------------------------------------------------------------------------------
# Scenarios
# ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """Damaged bytes, and what may be shown: `states[acknowledged]` up to `states[-1]`."""

    data: bytes
    states: list[State]
    acknowledged: int
    last_group: int = 1
    opened: bytes = b""
    """What the file held when it was opened, if the damage came after that."""


def classify(verdict: Verdict, case: Case) -> str:
    if verdict.state is None:
        return "refused"
    for count in range(len(case.states) - 1, -1, -1):
        if case.states[count] == verdict.state:
            missing = case.acknowledged - count
            if missing <= 0:
                return "ok"
            return "lost last" if missing <= case.last_group else "lost many"
    return "wrong"


Counts = dict[str, int]


def no_counts() -> Counts:
    return dict.fromkeys(CLASSES, 0)


def count_cases(fmt: Format, cases: Iterator[Case]) -> Counts:
    counts = no_counts()
    for case in cases:
        again = case.opened and isinstance(fmt, FormatTwo)
        verdict = fmt.read_again(case.opened, case.data) if again else fmt.judge(case.data)
        counts[classify(verdict, case)] += 1
    return counts


def damage_sectors(data: bytes, start: int, contents: tuple[str, ...], garbage: bytes) -> bytes:
    """Replace the bytes from `start` on, sector by sector, with what a crash left of them."""
    out = bytearray(data)
    first = start // SECTOR
    for index, content in enumerate(contents):
        low = max(start, (first + index) * SECTOR)
        high = min(len(data), (first + index + 1) * SECTOR)
        if content == "zero":
            out[low:high] = bytes(high - low)
        elif content == "garbage":
            out[low:high] = garbage[low - start : high - start]
    return bytes(out)


def sector_count(start: int, end: int) -> int:
    return (end - 1) // SECTOR - start // SECTOR + 1


def in_flight(fmt: Format, chance: Chance) -> Iterator[Case]:
    commits = make_commits(chance, 5)
    commits.append(make_commit(6, chance.bytes(100)))
    states = states_of(commits)
    image = fmt.build(commits)
    start, end = image.starts[5], image.starts[6]
    garbage = chance.bytes(end - start)
    for cut in range(start, end + 1):
        yield Case(image.data[:cut], states, 5)
        yield Case(image.data[:cut] + bytes(end - cut), states, 5)
        yield Case(image.data[:cut] + garbage[cut - start :], states, 5)


def group_sectors(fmt: Format, chance: Chance) -> Iterator[Case]:
    for before, largest in ((3, 350), (4, 450), (5, 500), (6, 550)):
        commits = make_commits(chance, before)
        for number in range(before + 1, before + 6):
            commits.append(make_commit(number, chance.bytes(250 + chance.below(largest - 250))))
        image = fmt.build(commits, [0] * before + [0, 1, 2, 3, 4])
        start, end = image.starts[before], image.starts[-1]
        states = states_of(commits)
        garbage = chance.bytes(end - start)
        sectors = sector_count(start, end)
        for contents in product(("new", "zero", "garbage"), repeat=sectors):
            yield Case(damage_sectors(image.data, start, contents, garbage), states, before)


def sized_commit(number: int, record_length: int, overhead: int, chance: Chance) -> Commit:
    empty = len(encode_payload(make_commit(number, b"")))
    return make_commit(number, chance.bytes(record_length - overhead - empty))


def group_aligned(fmt: Format, chance: Chance) -> Iterator[Case]:
    start = fmt.build([]).starts[0]
    first = SECTOR - start % SECTOR if start % SECTOR else SECTOR
    lengths = [first, *[SECTOR] * 5]
    commits = [sized_commit(i + 1, n, fmt.overhead(), chance) for i, n in enumerate(lengths)]
    image = fmt.build(commits, [0, 0, 1, 2, 3, 4])
    states = states_of(commits)
    for contents in product(("new", "zero"), repeat=5):
        yield Case(damage_sectors(image.data, image.starts[1], contents, b""), states, 1)


def bit_flips(fmt: Format, chance: Chance, closed: bool) -> Iterator[Case]:
    commits = make_commits(chance, 20)
    image = fmt.build(commits, marked=20 if closed else 0)
    states = states_of(commits)
    meaningful = [*range(image.starts[0], len(image.data))]
    if image.starts[0] == RECORDS_START:
        meaningful = [*range(44), *range(PAGE, PAGE + 12), *meaningful]
    else:
        meaningful = [*range(image.starts[0]), *meaningful]
    for offset in meaningful:
        for bit in range(8):
            data = bytearray(image.data)
            data[offset] ^= 1 << bit
            yield Case(bytes(data), states, 20)


def cut_closed(fmt: Format, chance: Chance) -> Iterator[Case]:
    commits = make_commits(chance, 20)
    image = fmt.build(commits, marked=20)
    states = states_of(commits)
    lengths = range(1, len(image.data))
    if image.starts[0] == RECORDS_START:  # not every length inside the padding of pages 0 and 1
        lengths = [*range(1, 64), *range(64, RECORDS_START, 64), *range(RECORDS_START, lengths[-1])]
    for length in lengths:
        yield Case(image.data[:length], states, 20)


def last_sector_zeroed(fmt: Format, chance: Chance) -> Iterator[Case]:
    for count in range(10, 50):
        commits = make_commits(chance, count)
        image = fmt.build(commits, marked=count)
        start = (len(image.data) - 1) // SECTOR * SECTOR
        zeroed = image.data[:start] + bytes(len(image.data) - start)
        yield Case(zeroed, states_of(commits), count)


def stale_generation(fmt: Format, chance: Chance) -> Iterator[Case]:
    """A crash while appending shows bytes of an older generation, not the new record."""
    old = make_commits(chance, 12)
    old_image = fmt.build(old, generation=0)
    new = [make_commit(100 + number, chance.bytes(20)) for number in range(1, 5)]
    image = fmt.build(new, marked=2, generation=1)
    states = states_of(new)
    for start in old_image.starts[:-1]:
        for shift in (0, 0, 1, 8):
            yield Case(image.data + old_image.data[start + shift :], states, 4)


def misplaced(fmt: Format, chance: Chance, closed: bool) -> Iterator[Case]:
    commits = make_commits(chance, 14)
    image = fmt.build(commits, marked=14 if closed else 0)
    states = states_of(commits)
    head = image.data[: image.starts[0]]
    records = [image.data[a:b] for a, b in zip(image.starts, image.starts[1:], strict=False)]
    orders: list[list[int]] = []
    plain = list(range(14))
    for index in range(13):
        orders.append([*plain, index])  # repeated at the end
        orders.append([*plain[:index], index + 1, index, *plain[index + 2 :]])  # swapped
        orders.append([*plain[:index], *plain[index + 1 :]])  # missing
    orders.append([*plain[3:8], *plain[:3], *plain[8:]])  # a run moved
    orders.append([*plain[:4], *plain[9:], *plain[4:9]])
    orders.append(plain[::-1])
    for order in orders:
        yield Case(head + b"".join(records[index] for index in order), states, 14)


def rolled_back_tail(fmt: Format, chance: Chance, same_length: bool) -> Iterator[Case]:
    """Records 6, 7, 8 were cut; 6' and 7' were appended; then old sectors come back."""
    size = 440
    for case in range(40):
        base = make_commits(chance, 5)
        old = [*base, *(make_commit(n, chance.bytes(size)) for n in (6, 7, 8))]
        new_size = size if same_length else 300 + (case * 7) % 130
        retried = [*base, make_commit(6, chance.bytes(new_size)), make_commit(7, b"retried")]
        old_data = fmt.build(old, [0] * 5 + [0, 1, 2]).data
        image = fmt.build(retried)
        states = states_of(retried)
        start = image.starts[5]
        whole = image.data + old_data[len(image.data) :]
        sectors = sector_count(start, len(whole))
        for contents in product(("new", "old"), repeat=sectors):
            data = bytearray(whole)
            for index, content in enumerate(contents):
                low = max(start, (start // SECTOR + index) * SECTOR)
                high = min(len(whole), (start // SECTOR + index + 1) * SECTOR)
                if content == "old":
                    data[low:high] = old_data[low:high]
            yield Case(bytes(data), states, 7, 2)


def old_tail_behind(fmt: Format, chance: Chance, same_length: bool) -> Iterator[Case]:
    """The retried record is on the disk; the old tail comes back only behind it."""
    for case in range(60):
        base = make_commits(chance, 5)
        size = 40 + case
        old = [*base, *(make_commit(n, chance.bytes(size)) for n in (6, 7, 8))]
        new_size = size if same_length else max(0, size - 1 - case % 30)
        retried = [*base, make_commit(6, chance.bytes(new_size))]
        old_image = fmt.build(old, [0] * 5 + [0, 1, 2])
        image = fmt.build(retried)
        behind = old_image.data[len(image.data) :]
        yield Case(image.data + behind, states_of(retried), 6)
        # or the blocks of record 7 and on lie just behind the new record
        yield Case(image.data + old_image.data[old_image.starts[6] :], states_of(retried), 6)


def head_on_old_tail(fmt: Format, chance: Chance, same_length: bool) -> Iterator[Case]:
    """Record 6 was dropped; of its retry only the first sector arrives, on the old one's tail.

    The record straddles a sector border after 1 to 40 bytes. This is what not cutting a torn tail
    allows: two records with the same number begin with the same bytes.
    """
    for ahead in range(1, 41):
        base = make_commits(chance, 4)
        start = fmt.build(base).starts[-1]
        filler = (-ahead - start) % SECTOR
        filler += SECTOR if filler < 100 else 0
        base.append(sized_commit(5, filler, fmt.overhead(), chance))
        old = fmt.build([*base, make_commit(6, chance.bytes(120))])
        retried = [*base, make_commit(6, chance.bytes(120 if same_length else 90))]
        image = fmt.build(retried)
        border = image.starts[5] + ahead
        assert border % SECTOR == 0
        yield Case(image.data[:border] + old.data[border:], states_of(retried), 5)


def own_bytes(fmt: Format, chance: Chance) -> Iterator[Case]:
    """A value that contains the database's own records, torn and with sectors lost."""
    commits = make_commits(chance, 12)
    image = fmt.build(commits)
    commits.append(make_commit(13, image.data[image.starts[0] :]))
    yield from _torn_last(fmt, commits)


def newer_copy(fmt: Format, chance: Chance) -> Iterator[Case]:
    """The same, but the value is a copy that has lived on: same salt, later versions."""
    commits = make_commits(chance, 12)
    fork = [*commits, *(make_commit(n, chance.bytes(20)) for n in range(13, 30))]
    image = fmt.build(fork)
    commits.append(make_commit(13, image.data[image.starts[0] :]))
    yield from _torn_last(fmt, commits)


def _torn_last(fmt: Format, commits: list[Commit]) -> Iterator[Case]:
    image = fmt.build(commits)
    start, end = image.starts[-2], image.starts[-1]
    states = states_of(commits)
    count = len(commits) - 1
    for cut in range(start, end):
        yield Case(image.data[:cut], states, count)
    for contents in product(("new", "zero"), repeat=sector_count(start, end)):
        yield Case(damage_sectors(image.data, start, contents, b""), states, count)


def stale_branch(fmt: Format, chance: Chance) -> Iterator[Case]:
    """A file was copied over a later one (same salt); its blocks hold the later records."""
    for keep in range(3, 9):
        later = make_commits(chance, 12)
        image = fmt.build(later)
        restored = fmt.build(later[:keep], marked=keep)
        states = states_of([*later[:keep], make_commit(keep + 1, b"not the same")])
        for cut in image.starts[keep + 1 :]:
            yield Case(restored.data + image.data[len(restored.data) : cut], states, keep)


def window(fmt: Format, chance: Chance) -> Iterator[Case]:
    """Commits synced at any subset of points; unsynced sectors lost in any combination."""
    count = 7
    for synced_after in (s for r in range(count + 1) for s in combinations(range(1, count + 1), r)):
        commits = make_commits(chance, count, 120, 330)
        durable = 0
        unsynced: list[int] = []
        for number in range(1, count + 1):
            unsynced.append(number - 1 - durable)
            if number in synced_after:
                durable = number
        image = fmt.build(commits, unsynced)
        states = states_of(commits)
        start, end = image.starts[durable], image.starts[-1]
        if start == end:
            yield Case(image.data, states, durable)
            continue
        for contents in product(("new", "zero"), repeat=sector_count(start, end)):
            yield Case(damage_sectors(image.data, start, contents, b""), states, durable)


def zero_tail(fmt: Format, chance: Chance) -> Iterator[Case]:
    """Reserved space, or a file that grew without its data: zeros behind the last record."""
    commits = make_commits(chance, 6)
    image = fmt.build(commits, marked=6)
    for length in [*range(1, 64), 512, 4096, 65536]:
        yield Case(image.data + bytes(length), states_of(commits), 6)


def flips_after_group(fmt: Format, chance: Chance) -> Iterator[Case]:
    """Every bit of the records, file not closed; the last five commits were one group."""
    commits = make_commits(chance, 12)
    image = fmt.build(commits, [0] * 7 + [0, 1, 2, 3, 4])
    states = states_of(commits)
    for offset in range(image.starts[0], len(image.data)):
        for bit in range(8):
            data = bytearray(image.data)
            data[offset] ^= 1 << bit
            yield Case(bytes(data), states, 12, 5)


Scenario = Callable[[Format, Chance], Iterator[Case]]

SCENARIOS: tuple[tuple[str, Scenario], ...] = (
    ("in-flight record torn, zeroed or garbage", in_flight),
    ("group of 5, sectors lost in any combination", group_sectors),
    ("the same group, one 512-byte record per sector", group_aligned),
    ("window of 7, synced at any points, unsynced sectors lost", window),
    ("zeros behind the last record", zero_tail),
    ("every bit flipped, file not closed", lambda f, c: bit_flips(f, c, closed=False)),
    ("every bit of the records flipped, last 5 were one group", flips_after_group),
    ("every bit flipped, file closed", lambda f, c: bit_flips(f, c, closed=True)),
    ("closed file cut short, every length from 1", cut_closed),
    ("last sector zeroed, closed", last_sector_zeroed),
    ("stale bytes of an older generation behind the end", stale_generation),
    ("record repeated, swapped, missing, moved; not closed", lambda f, c: misplaced(f, c, False)),
    ("the same records moved about, closed", lambda f, c: misplaced(f, c, True)),
    (
        "old tail back behind a retried record, other length",
        lambda f, c: old_tail_behind(f, c, False),
    ),
    (
        "old tail back behind a retried record, same length",
        lambda f, c: old_tail_behind(f, c, True),
    ),
    ("lying sync: old sectors mixed in, other length", lambda f, c: rolled_back_tail(f, c, False)),
    ("lying sync: old sectors mixed in, same length", lambda f, c: rolled_back_tail(f, c, True)),
    (
        "head of a retried record on the tail of the dropped one, other length",
        lambda f, c: head_on_old_tail(f, c, False),
    ),
    (
        "head of a retried record on the tail of the dropped one, same length",
        lambda f, c: head_on_old_tail(f, c, True),
    ),
    ("a value with the database's own bytes, torn", own_bytes),
    ("a value with the bytes of a newer copy (same salt), torn", newer_copy),
    ("file copied back over a later one, stale blocks at the end", stale_branch),
)


# ------------------------------------------------------------------------------------------------
# Format 2 with one part left out
# ------------------------------------------------------------------------------------------------


def salt_flips(fmt: Format, chance: Chance) -> Iterator[Case]:
    """Every bit of the file header of a file that was not closed."""
    commits = make_commits(chance, 8)
    image = fmt.build(commits)
    for bit in range(44 * 8):
        data = bytearray(image.data)
        data[bit // 8] ^= 1 << bit % 8
        yield Case(bytes(data), states_of(commits), 8)


def half_snapshot(fmt: Format, chance: Chance) -> Iterator[Case]:
    """A snapshot of 6 records, its mark lost with its sector, cut at every length."""
    assert isinstance(fmt, FormatTwo)
    snapshot = make_snapshot(chance, 6)
    commits = [*snapshot, make_commit(7, b"seven"), make_commit(8, b"eight")]
    image = fmt.build(commits, marked=8, snapshot=6)
    states = states_of(commits)[6:]  # half a snapshot never was a state
    data = image.data[:PAGE] + bytes(SECTOR) + image.data[PAGE + SECTOR :]
    for length in range(RECORDS_START, len(data)):
        yield Case(data[:length], states, 2)


def compacted(fmt: FormatTwo, chance: Chance, behind: int) -> tuple[Image, list[State]]:
    """A log of a snapshot of 4 records and so many commits, and its states from there on."""
    commits = make_snapshot(chance, 4)
    commits += [make_commit(n, chance.bytes(20)) for n in range(5, 5 + behind)]
    return fmt.build(commits, snapshot=4, generation=3), states_of(commits)[4:]


def snapshot_flips(fmt: Format, chance: Chance) -> Iterator[Case]:
    """Every bit of a snapshot that nothing follows; its mark was lost with its sector."""
    assert isinstance(fmt, FormatTwo)
    image, states = compacted(fmt, chance, 0)
    data = image.data[:PAGE] + bytes(SECTOR) + image.data[PAGE + SECTOR :]
    for bit in range(image.starts[0] * 8, image.starts[4] * 8):
        yield Case(flipped(data, bit), states, 0)


def open_flips(fmt: Format, chance: Chance) -> Iterator[Case]:
    """Every bit of the snapshot flipped while the database is open; blocks are read afterwards."""
    assert isinstance(fmt, FormatTwo)
    image, states = compacted(fmt, chance, 3)
    for bit in range(image.starts[0] * 8, image.starts[4] * 8):
        yield Case(flipped(image.data, bit), states, 3, opened=image.data)


def replaced_blocks(fmt: Format, chance: Chance) -> Iterator[Case]:
    """The file was emptied, or holds a part of the next generation, when blocks are read.

    It has the same keys and as many bytes, but other values: each block is where it was.
    """
    assert isinstance(fmt, FormatTwo)
    image, states = compacted(fmt, chance, 3)
    following = fmt.build(make_snapshot(chance, 4), snapshot=4, generation=4).data
    for length in range(len(following) + 1):
        for head in (following[:44], bytes(44)):
            data = head + following[44:length]
            yield Case(data[:length], states, 3, opened=image.data)


def flipped(data: bytes, bit: int) -> bytes:
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


def closed_cut_records(fmt: Format, chance: Chance) -> Iterator[Case]:
    for case in cut_closed(fmt, chance):
        if len(case.data) >= RECORDS_START:
            yield case


ABLATIONS: tuple[tuple[str, str, Scenario], ...] = (
    ("salt and generation", "stale bytes of an older generation", stale_generation),
    ("header crc", "every bit of the file header flipped, not closed", salt_flips),
    ("snapshot count", "mark sector lost, records cut at every length", half_snapshot),
    ("snapshot count", "mark sector lost, every bit of a lone snapshot flipped", snapshot_flips),
    ("block check", "every bit of the snapshot flipped while it is open", open_flips),
    ("block check", "blocks read in a file that was replaced", replaced_blocks),
    ("mark", "closed file cut short, every length of the records", closed_cut_records),
    ("proof", "every bit flipped, file not closed", lambda f, c: bit_flips(f, c, closed=False)),
    ("unsynced", "group of 5, sectors lost in any combination", group_sectors),
    (
        "chain",
        "old tail back behind a retried record, same length",
        lambda f, c: old_tail_behind(f, c, True),
    ),
    (
        "version",
        "record repeated, swapped, missing, moved; not closed",
        lambda f, c: misplaced(f, c, False),
    ),
)


# ------------------------------------------------------------------------------------------------
# Many lives on a disk whose cache and platter differ
# ------------------------------------------------------------------------------------------------


class SyncFailedError(Exception):
    """The simulated fsync reported an error."""


@dataclass
class Disk:
    """One file: what the OS shows (`cache`), what survives power loss (`platter`).

    A failed sync leaves pages clean: the cache shows them, the platter lacks them, no later sync
    writes them. A change of size survives a failed sync (an assumption of the format). Zeros and
    garbage hit only bytes at or after `safe`, the length that some successful sync covered.
    """

    chance: Chance
    cache: bytearray = field(default_factory=bytearray)
    platter: bytearray = field(default_factory=bytearray)
    dirty: set[int] = field(default_factory=set[int])
    safe: int = 0
    fail_next_sync: bool = False

    def write(self, offset: int, data: bytes) -> None:
        if offset > len(self.cache):
            self.cache += bytes(offset - len(self.cache))
        self.cache[offset : offset + len(data)] = data
        self.dirty.update(range(offset // SECTOR, (offset + len(data) - 1) // SECTOR + 1))

    def truncate(self, length: int) -> None:
        del self.cache[length:]
        self.dirty = {sector for sector in self.dirty if sector * SECTOR < length}

    def sync(self) -> None:
        failed, self.fail_next_sync = self.fail_next_sync, False
        self._resize_platter(len(self.cache))
        for sector in sorted(self.dirty):
            if not failed or self.chance.happens(0.4):
                self._write_back(sector)
        self.dirty.clear()
        if failed:
            raise SyncFailedError
        self.safe = len(self.cache)

    def kill(self) -> None:
        """The process dies; later the OS may write some sectors, and forget some clean ones."""
        for sector in sorted(self.dirty):
            if self.chance.happens(0.3):
                reached = min(len(self.cache), (sector + 1) * SECTOR)
                self._resize_platter(max(len(self.platter), reached))
                self._write_back(sector)
        if self.chance.happens(0.3):
            for low in range(0, min(len(self.cache), len(self.platter)), SECTOR):
                if low // SECTOR not in self.dirty and self.chance.happens(0.5):
                    high = min(low + SECTOR, len(self.cache), len(self.platter))
                    self.cache[low:high] = self.platter[low:high]

    def lose_power(self) -> None:
        size = len(self.platter)
        if len(self.cache) != size and self.chance.happens(0.7):
            size = len(self.cache)
        self._resize_platter(size)
        for sector in sorted(self.dirty):
            choice = self.chance.below(4)
            if choice == 0:
                self._write_back(sector)
            low = max(sector * SECTOR, self.safe)
            high = min((sector + 1) * SECTOR, len(self.platter))
            if choice > 1 and low < high:
                fill = bytes(high - low) if choice == 2 else self.chance.bytes(high - low)
                self.platter[low:high] = fill
        self.dirty.clear()
        self.safe = min(self.safe, len(self.platter))
        self.cache = bytearray(self.platter)

    def _resize_platter(self, length: int) -> None:
        self.safe = min(self.safe, length)
        if length < len(self.platter):
            del self.platter[length:]
        else:
            self.platter += bytes(length - len(self.platter))

    def _write_back(self, sector: int) -> None:
        low, high = sector * SECTOR, min((sector + 1) * SECTOR, len(self.cache), len(self.platter))
        if low < high:
            self.platter[low:high] = self.cache[low:high]


@dataclass
class Writer:
    """Where an open database appends: what it must know to encode the next record."""

    seed: int
    end: int
    version: int
    chain: int
    durable: int


@dataclass
class Life:
    """One database over many crashes, with the oracle's knowledge beside it."""

    chance: Chance
    rule: str
    disk: Disk
    states: list[State] = field(default_factory=lambda: [{}])
    acknowledged: int = 0
    serial: int = 0
    fmt: FormatTwo = field(default_factory=FormatTwo)

    def run(self) -> str:
        """Live several lives; return the class of the first judgement that breaks the contract."""
        self.disk.write(0, self.fmt.build([]).data)
        self.disk.sync()
        for _ in range(8):
            opened = None
            for _ in range(3):
                opened = self._open()
                if isinstance(opened, str):
                    return opened
                if opened is not None:
                    break
            if opened is not None:
                self._use(opened)
            self._crash()
        return "ok"

    def _crash(self) -> None:
        if self.chance.happens(0.5):
            self.disk.kill()
        else:
            self.disk.lose_power()

    def _open(self) -> Verdict | str | None:
        """Recover; None if a fault interrupted it, a class name if the judgement was wrong."""
        data = bytes(self.disk.cache)
        verdict = self.fmt.judge(data)
        outcome = classify(verdict, Case(data, self.states, self.acknowledged))
        if outcome != "ok":
            return outcome
        stop = self.chance.below(12)  # 0..4: a crash before that step; 5: the sync fails
        for number, step in enumerate(self._recovery_steps(data, verdict)):
            if stop == number:
                self._crash()
                return None
            try:
                self.disk.fail_next_sync = stop == 5 and number == 3
                step()
            except SyncFailedError:
                self.disk.kill()
                return None
        count = next(k for k in range(len(self.states)) if self.states[k] == verdict.state)
        del self.states[count + 1 :]
        self.acknowledged = count
        return verdict

    def _recovery_steps(self, data: bytes, verdict: Verdict) -> list[Callable[[], None]]:
        disk, end = self.disk, verdict.end

        def cut() -> None:
            if data[end:].strip(b"\0") and self.rule != "no cut of the tail":
                disk.truncate(end)

        def rewrite() -> None:
            if verdict.proven < end and self.rule != "no rewrite of proven..end":
                disk.write(verdict.proven, data[verdict.proven : end])

        def sync() -> None:
            if self.rule != "no sync at open":
                disk.sync()

        def mark() -> None:
            disk.write(PAGE, self.fmt.mark(end, crc32(data[:36])))

        return [lambda: disk.write(0, data[:44]), cut, rewrite, sync, mark]

    def _use(self, opened: Verdict) -> None:
        """Commit one by one, in groups or in a window, until the life ends or a sync fails."""
        seed = crc32(bytes(self.disk.cache[:36]))
        writer = Writer(seed, opened.end, opened.version, opened.chain or seed, opened.version)
        try:
            for _ in range(self.chance.below(6)):
                self._append_group(writer)
                if self.chance.happens(0.8):  # otherwise a window stays open
                    self._sync_commits(writer)
            if self.chance.happens(0.3):
                self._close(writer)
        except SyncFailedError:
            return

    def _append_group(self, writer: Writer) -> None:
        for _ in range(1 + self.chance.below(4)):
            self.serial += 1
            commit = make_commit(self.serial, self.chance.bytes(self.chance.below(700)))
            pending = 0 if self.rule == "unsynced always 0" else writer.version - writer.durable
            version = writer.version + 1
            record = self.fmt.record(commit, version, pending, writer.seed, writer.chain)
            self.disk.write(writer.end, record)
            (writer.chain,) = struct.unpack_from(">I", record, 20)
            writer.end, writer.version = writer.end + len(record), version
            self.states.append(states_of([commit], self.states[-1])[1])
        if self.rule == "mark before the sync":
            self.disk.write(PAGE, self.fmt.mark(writer.end, writer.seed))

    def _sync_commits(self, writer: Writer) -> None:
        self.disk.fail_next_sync = self.chance.happens(0.15)
        try:
            self.disk.sync()
        except SyncFailedError:
            if self.rule != "a failed sync is retried":
                raise
            self.disk.sync()
        writer.durable, self.acknowledged = writer.version, len(self.states) - 1

    def _close(self, writer: Writer) -> None:
        self.disk.sync()
        self.acknowledged = len(self.states) - 1
        self.disk.write(PAGE, self.fmt.mark(writer.end, writer.seed))
        self.disk.sync()


RULES = (
    "as designed",
    "no sync at open",
    "no rewrite of proven..end",
    "no cut of the tail",
    "a failed sync is retried",
    "mark before the sync",
    "unsynced always 0",
)


def many_lives(seed: int, runs: int) -> dict[str, Counts]:
    table: dict[str, Counts] = {}
    for rule in RULES:
        counts = no_counts()
        for run in range(runs):
            chance = Chance(seed * 1_000_003 + run)
            counts[Life(chance, rule, Disk(chance)).run()] += 1
        table[rule] = counts
    return table


# ------------------------------------------------------------------------------------------------
# Two slots (OPFS)
# ------------------------------------------------------------------------------------------------

# A slot is abstract: `header` is a generation or None, `body` the commits its records hold or None.
# A pending change is a (header, body) pair in which KEEP leaves a part alone; a truncation is one.
Part = int | None
KEEP = -1
Change = tuple[Part, Part]


@dataclass(frozen=True)
class Slot:
    """What the OS shows of a slot, what the disk has, and the changes not yet synced."""

    shown: tuple[Part, Part] = (None, None)
    disk: tuple[Part, Part] = (None, None)
    pending: tuple[Change, ...] = ()

    def change(self, change: Change) -> Slot:
        return replace(self, shown=merge(self.shown, change), pending=(*self.pending, change))

    def synced(self) -> Slot:
        return Slot(self.shown, self.shown)

    def after_failed_sync(self) -> list[Slot]:
        """The pages are clean: still shown, on the disk or not, never written by a later sync."""
        return [Slot(self.shown, disk) for disk in self._possible_disks()]

    def after_power_loss(self) -> list[Slot]:
        return [Slot(disk, disk) for disk in self._possible_disks()]

    def _possible_disks(self) -> list[tuple[Part, Part]]:
        disks: list[tuple[Part, Part]] = []
        for chosen in product((False, True), repeat=len(self.pending)):
            disk = self.disk
            for take, change in zip(chosen, self.pending, strict=True):
                disk = merge(disk, change) if take else disk
            if disk not in disks:
                disks.append(disk)
        return disks


def merge(old: tuple[Part, Part], change: Change) -> tuple[Part, Part]:
    header, body = change
    return (old[0] if header == KEEP else header, old[1] if body == KEEP else body)


Pair = tuple[Slot, Slot]
Step = tuple[str, int, Change]  # ("write" or "sync", slot, change)


def choose(pair: Pair) -> int | str:
    """The slot that is the database, "new", or "refused"."""
    generations = [-1 if slot.shown[0] is None else slot.shown[0] for slot in pair]
    if max(generations) < 0:
        # Two empty slots, or one that holds no commit (at most 8,192 bytes), are a new database.
        return "new" if all(not slot.shown[1] for slot in pair) else "refused"
    best = generations.index(max(generations))
    return "refused" if pair[best].shown[1] is None else best


def compaction(commits: int) -> list[Step]:
    """Slot 0 is replaced by slot 1; then one more commit is acknowledged."""
    none: Change = (KEEP, KEEP)
    return [
        ("write", 1, (KEEP, commits)),
        ("sync", 1, none),
        ("write", 1, (2, KEEP)),
        ("sync", 1, none),
        ("write", 0, (None, None)),
        ("sync", 0, none),
        ("write", 1, (KEEP, commits + 1)),
        ("sync", 1, none),
    ]


def recovery(pair: Pair, order: str) -> list[Step]:
    """Recovery of the chosen slot and one acknowledged commit after it."""
    best = choose(pair)
    none: Change = (KEEP, KEEP)
    if not isinstance(best, int):
        return []
    header, body = pair[best].shown
    assert body is not None
    other = 1 - best
    empty: list[Step] = []
    if pair[other].shown != (None, None):
        empty = [("write", other, (None, None)), ("sync", other, none)]
    again: list[Step] = [("write", best, (header, KEEP)), ("sync", best, none)]
    commit: list[Step] = [("write", best, (KEEP, body + 1)), ("sync", best, none)]
    return (empty + again if order == "a" else again + empty) + commit


@dataclass(frozen=True)
class World:
    """Two slots, and the number of commits that must not be lost."""

    pair: Pair
    acknowledged: int


def interrupted(world: World, steps: list[Step], opened: int | None) -> Iterator[tuple[str, World]]:
    """Every way a run of `steps` can end: killed, without power, or with a failed sync.

    `opened` is the step count after which the opening has shown its state (the pin), None if the
    database was open from the start.
    """
    pair, acknowledged = world.pair, world.acknowledged
    for number, step in enumerate([*steps, None]):
        if number == opened or (step is None and steps):
            acknowledged = max(acknowledged, shown_commits(pair))
        yield "kill", World(pair, acknowledged)
        for first, second in product(pair[0].after_power_loss(), pair[1].after_power_loss()):
            yield "power", World((first, second), acknowledged)
        if step is None:
            return
        kind, index, change = step
        if kind == "write":
            pair = with_slot(pair, index, pair[index].change(change))
            continue
        for failed in pair[index].after_failed_sync():
            yield "sync failed", World(with_slot(pair, index, failed), acknowledged)
        pair = with_slot(pair, index, pair[index].synced())


def shown_commits(pair: Pair) -> int:
    best = choose(pair)
    return (pair[best].shown[1] or 0) if isinstance(best, int) else 0


def with_slot(pair: Pair, index: int, slot: Slot) -> Pair:
    return (slot, pair[1]) if index == 0 else (pair[0], slot)


def judge_world(world: World) -> str:
    best = choose(world.pair)
    if best == "refused":
        return "refused"
    missing = world.acknowledged - shown_commits(world.pair)
    if missing <= 0:
        return "ok"
    return "lost last" if missing == 1 else "lost many"


def recover_again(world: World, order: str) -> Iterator[tuple[str, World]]:
    steps = recovery(world.pair, order)
    yield from interrupted(world, steps, max(0, len(steps) - 2))


def two_slots(order: str, kinds: tuple[str, ...], depth: int) -> Counts:
    """Interrupt a compaction and `depth` recoveries in every way; then lose power; judge."""
    commits = 5
    start = World((Slot((1, commits), (1, commits)), Slot()), commits)
    counts = no_counts()
    worlds = [w for kind, w in interrupted(start, compaction(commits), None) if kind in kinds]
    for _ in range(depth):
        following: list[World] = []
        for world in worlds:
            if choose(world.pair) in ("refused", "new"):
                following.append(world)
                continue
            following += [w for kind, w in recover_again(world, order) if kind in kinds]
        worlds = following
    for world in worlds:
        for pair in product(world.pair[0].after_power_loss(), world.pair[1].after_power_loss()):
            counts[judge_world(World((pair[0], pair[1]), world.acknowledged))] += 1
    return counts


ORDERS = (("a", "empty the other slot first"), ("b", "header, sync chosen, then empty the other"))
SLOT_RUNS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("kill or power loss; one recovery", ("kill", "power"), 1),
    ("kill or power loss; two recoveries", ("kill", "power"), 2),
    ("also failed syncs; one recovery", ("kill", "power", "sync failed"), 1),
    ("also failed syncs; two recoveries", ("kill", "power", "sync failed"), 2),
)


def slot_cut_short(guarded: bool, chance: Chance) -> Counts:
    """A closed single slot cut at every length from 1 (padding in steps of 64).

    The rule "a single slot of at most 8,192 bytes without a valid header is a new database" also
    covers a cut file; `guarded` refuses one that begins with the magic and is shorter than that.
    """
    fmt = FormatTwo()
    counts = no_counts()
    for case in cut_closed(fmt, chance):
        verdict = fmt.judge(case.data)
        no_header = verdict.reason in ("no magic", "format version", "header crc")
        unborn = len(case.data) <= RECORDS_START and no_header
        if guarded and len(case.data) < RECORDS_START and case.data[:4] == MAGIC[: len(case.data)]:
            unborn = False
        counts[classify(Verdict({}) if unborn else verdict, case)] += 1
    return counts


def restore_into_nothing(create_first: bool) -> Counts:
    """Put a file of 5 commits into two empty slots, crash anywhere, recover once, lose power.

    Refused means that the next open finds records without a header and will not call them new.
    """
    none: Change = (KEEP, KEEP)
    file = [("write", 1, (KEEP, 5)), ("sync", 1, none), ("write", 1, (2, KEEP)), ("sync", 1, none)]
    create = [
        ("write", 0, (KEEP, 0)),
        ("sync", 0, none),
        ("write", 0, (1, KEEP)),
        ("sync", 0, none),
    ]
    empty = [("write", 0, (None, None)), ("sync", 0, none)]
    steps: list[Step] = [*create, *file, *empty] if create_first else [*file]
    counts = no_counts()
    for _, world in interrupted(World((Slot(), Slot()), 0), steps, None):
        fresh = choose(world.pair) in ("new", "refused")
        again = [world] if fresh else [w for _, w in recover_again(world, "b")]
        for left in again:
            for pair in product(left.pair[0].after_power_loss(), left.pair[1].after_power_loss()):
                counts[judge_world(World((pair[0], pair[1]), left.acknowledged))] += 1
    return counts


# ------------------------------------------------------------------------------------------------
# The tables
# ------------------------------------------------------------------------------------------------


def describe(counts: Counts) -> str:
    """The classes that occurred, most frequent meaning first."""
    total = sum(counts.values())
    parts = [f"{counts[name]:,} {name}" for name in CLASSES if counts[name]]
    return f"all {parts[0]}" if len(parts) == 1 and total > 1 else ", ".join(parts)


def print_table(head: list[str], rows: list[list[str]]) -> None:
    print("| " + " | ".join(head) + " |")
    print("| " + " | ".join("---" for _ in head) + " |")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def run_all(seed: int, runs: int) -> dict[str, dict[str, dict[str, Counts]]]:
    scenarios: dict[str, dict[str, Counts]] = {}
    for name, scenario in SCENARIOS:
        scenarios[name] = {
            fmt.name: count_cases(fmt, scenario(fmt, Chance(seed))) for fmt in FORMATS
        }
    ablations: dict[str, dict[str, Counts]] = {}
    for part, name, scenario in ABLATIONS:
        poorer = FormatTwo(without=frozenset({part}))
        ablations[f"{part}: {name}"] = {
            "with it": count_cases(FormatTwo(), scenario(FormatTwo(), Chance(seed))),
            "without it": count_cases(poorer, scenario(poorer, Chance(seed))),
        }
    slots = {
        name: {f"({order}) {text}": two_slots(order, kinds, depth) for order, text in ORDERS}
        for name, kinds, depth in SLOT_RUNS
    }
    slot_cut = {
        "single slot, closed, cut short at every length from 1": {
            "any slot of at most 8,192 bytes is new": slot_cut_short(False, Chance(seed)),
            "unless it begins with the magic and is shorter": slot_cut_short(True, Chance(seed)),
        }
    }
    slot_restore = {
        "restore into an origin without a database, crash anywhere": {
            "the file goes straight into a slot": restore_into_nothing(create_first=False),
            "an empty database first, then replaced": restore_into_nothing(create_first=True),
        }
    }
    return {
        "scenarios": scenarios,
        "ablations": ablations,
        "many_lives": {rule: {"runs": counts} for rule, counts in many_lives(seed, runs).items()},
        "two_slots": slots,
        "slot_cut_short": slot_cut,
        "slot_restore": slot_restore,
    }


TITLES = {
    "scenarios": ("Scenarios", "scenario (cases)"),
    "ablations": ("Format 2 with one part left out", "part: scenario (cases)"),
    "many_lives": (
        "Many lives, format 2: runs by their first broken promise",
        "recovery rule (runs)",
    ),
    "two_slots": ("Two slots: crash in a compaction, then in recovery, then power loss", "faults"),
    "slot_restore": ("Two slots: restore where there was nothing", "scenario (cases)"),
    "slot_cut_short": (
        "Two slots: what counts as a creation that never finished",
        "scenario (cases)",
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Judge three log formats by what they survive.")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--runs", type=int, default=1000, help="many-lives runs for each rule")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    tables = run_all(options.seed, options.runs)
    if options.json:
        json.dump({"seed": options.seed, "runs": options.runs, **tables}, sys.stdout, indent=2)
        print()
        return 0
    print(f"Simulation seed {options.seed}, {options.runs:,} runs for each recovery rule.\n")
    for key, table in tables.items():
        title, corner = TITLES[key]
        print(f"### {title}\n")
        columns = list(next(iter(table.values())))
        rows: list[list[str]] = []
        for name, cells in table.items():
            totals = sorted({sum(counts.values()) for counts in cells.values()})
            sizes = f"{totals[0]:,}" if len(totals) == 1 else f"{totals[0]:,} to {totals[-1]:,}"
            rows.append([f"{name} ({sizes})", *(describe(cells[column]) for column in columns)])
        print_table([corner, *columns], rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
