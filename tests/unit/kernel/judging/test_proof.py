"""A damaged log is refused if and only if a later record header proves that it had been durable.

The search is fast because of what it need not look at, so it is compared with one that looks at
every offset and knows only the rule.
"""

import random
from collections.abc import Iterator
from zlib import crc32

import pytest

from libredb.kernel import record
from libredb.kernel.record import FileHeader
from libredb.kernel.stream import Tail
from tests.support.files import ID, SALT

pytestmark = pytest.mark.slow

HEADER = FileHeader(SALT, ID, 0, 0, 0)
SEED = HEADER.check_seed
PAYLOAD = record.encode_ops([(b"b", b"2"), (b"c", b"3")])
ALL_ONES = b"\xff"


def header_bytes(version: int, unsynced: int = 0) -> bytes:
    return record.encode_record(version, unsynced, PAYLOAD, SEED, SEED)[0][:20]


def found(rest: bytes, expected: int, length: int | None = None) -> int | None:
    """Search what follows a log whose next commit would be `expected`, in pieces of any size."""
    length = len(rest) if length is None else length
    proofs: set[int | None] = set()
    small = {19, 20, 64} if len(rest) < 10_000 else {1 << 20}
    for piece_bytes in small | {len(rest) or 1}:
        tail = Tail(HEADER, expected - 1, 0, length)
        for at in range(0, len(rest), piece_bytes):
            tail.feed(rest[at : at + piece_bytes])
        proofs.add(tail.proof)
    (proof,) = proofs
    return proof


def found_by_looking_everywhere(rest: bytes, expected: int, length: int) -> int | None:
    """Do the same by the rule of docs/log-format.md alone."""
    for offset in range(len(rest) - 19):
        fields = rest[offset : offset + 20]
        version = int.from_bytes(fields[:8])
        unsynced = int.from_bytes(fields[8:12])
        if (
            expected < version <= expected + length // 29
            and version - unsynced > expected
            and crc32(fields[:16], SEED) == int.from_bytes(fields[16:])
        ):
            return offset
    return None


@pytest.mark.parametrize("expected", [1, 255, 256, 2**32 - 1, 2**63])
@pytest.mark.parametrize("offset", [0, 1, 29, 500])
def test_a_proving_header_is_found_at_any_offset(expected: int, offset: int) -> None:
    # 58 bytes hold two records, so a header of one version more is credible in every place.
    rest = bytes(offset) + header_bytes(expected + 1) + bytes(58)
    assert found(rest, expected) == offset


def test_a_proving_header_may_end_in_one_of_the_zeros_behind_it() -> None:
    headers = (record.encode_record(2, 0, bytes(n), SEED, SEED)[0][:20] for n in range(1, 5000))
    header = next(header for header in headers if not header[-1])
    assert found(ALL_ONES * 60 + header + bytes(60), 1) == 60


def test_a_proving_header_needs_20_bytes_and_no_more() -> None:
    rest = ALL_ONES * 60 + header_bytes(2)
    assert found(rest, 1) == 60
    assert found(rest[:-1], 1) is None


@pytest.mark.parametrize(
    ("version", "unsynced"), [(10, 0), (9, 0), (13, 2), (13, 3), (14, 0), (2**40, 0)]
)
def test_a_header_may_prove_nothing(version: int, unsynced: int) -> None:
    # It is the expected commit or older, or its group reaches back to it, or it is from too far
    # ahead: 87 bytes have room for three records.
    expected = 10 if (version, unsynced) != (13, 2) else 11
    rest = (ALL_ONES * 40 + header_bytes(version, unsynced)).ljust(87, ALL_ONES)
    assert found(rest, expected) is None


def test_a_proving_header_behind_a_useless_one_is_found() -> None:
    rest = header_bytes(12, 2) + header_bytes(12, 1) + bytes(30)
    assert found(rest, 10) == 20


@pytest.mark.parametrize("expected", [1, record.MAX_VERSION])
def test_too_few_bytes_or_versions_hold_no_proof(expected: int) -> None:
    rest = header_bytes(2) + (b"" if expected == 1 else bytes(60))
    assert found(rest, expected) is None


def test_zero_bytes_that_were_left_out_count_as_room_for_records() -> None:
    rest = header_bytes(3)
    assert found(rest, 1, 57) is None
    assert found(rest, 1, 58) == 0
    assert found(rest, 1, 2**40) == 0  # so many versions that no byte of unsynced need be zero


BOUNDARIES = [
    1,
    250,
    2**8 - 1,
    2**16 - 3,
    2**16,
    2**24 - 1,
    2**32 - 3,
    2**32,
    2**40 - 2,
    2**48 - 1,
    2**56 - 3,
    2**56,
    2**63 - 3,
    2**63,
    0x2A2A2A2A2A2A2A2A,  # bytes with a meaning in a regular expression
    0x5C5C5C5C5C5C5C5C,
    0x0A0A0A0A0A0A0A0A,
    0x2E2E2E2E2E2E2E5D,
]


def places(source: random.Random, expected: int) -> Iterator[tuple[bytes, int]]:
    """Yield bytes behind a log with some headers in them, credible or nearly so."""
    for filling in ("zeros", "ones", "random", "versions"):
        for size in (0, 19, 29, 58, 300, 9000):
            octets = {
                "zeros": bytes(size),
                "ones": ALL_ONES * size,
                "random": source.randbytes(size),
                "versions": ((expected + 1).to_bytes(8) * (size // 8 + 1))[:size],
            }[filling]
            rest = octets
            room = size // 29
            for _ in range(source.randrange(4)):
                version = expected + source.choice([0, 1, 2, room, room + 1, room + 2, room // 2])
                unsynced = source.choice([0, 1, room, max(0, version - expected - 1), 2**24, 2**31])
                at = source.randrange(len(rest) + 1)
                rest = rest[:at] + header_bytes(version, unsynced) + rest[at:]
            for behind in (0, 1, 40):
                yield rest + bytes(behind), len(rest) + behind + source.choice([0, 0, 10**4, 10**7])


@pytest.mark.parametrize("expected", BOUNDARIES)
def test_the_search_finds_what_looking_at_every_offset_finds(expected: int) -> None:
    source = random.Random(expected)
    outcomes = {True: 0, False: 0}
    for number, (rest, length) in enumerate(places(source, expected)):
        naive = found_by_looking_everywhere(rest, expected, length)
        assert found(rest, expected, length) == naive, f"case {number}: {rest.hex()}"
        outcomes[naive is None] += 1
    assert min(outcomes.values()) >= 5, outcomes


@pytest.mark.parametrize(
    ("expected", "distance"),
    [*((expected, 300_000) for expected in BOUNDARIES), (1, 3_000_000), (2**56 - 3, 3_000_000)],
)
@pytest.mark.parametrize("filling", ["random", "zeros"])
def test_a_proving_header_far_away_is_found(expected: int, distance: int, filling: str) -> None:
    octets = bytes(distance) if filling == "zeros" else random.Random(expected).randbytes(distance)
    version = expected + distance // 29
    rest = octets + header_bytes(version, version - expected - 1)
    assert found(rest, expected) == distance
    assert found(octets + header_bytes(version, version - expected), expected) is None


def mebibyte(filling: str, expected: int) -> bytes:
    pieces = {
        "zeros": b"\0",
        "ones": ALL_ONES,
        "random": random.Random(expected).randbytes(2**20),
        "zeros and a one": b"\0\0\0\0\0\0\0\1",
        "the next version": (expected + 1).to_bytes(8),
    }
    piece = pieces[filling]
    return piece * (2**20 // len(piece))


@pytest.mark.parametrize("expected", BOUNDARIES)
@pytest.mark.parametrize(
    ("filling", "most"),
    [
        ("zeros", 0),
        ("ones", 0),
        ("random", 100),
        ("zeros and a one", 2**20 * 3 // 8),
        ("the next version", 2**20 * 3 // 8),
    ],
)
def test_few_offsets_of_a_mebibyte_are_worth_a_check(
    monkeypatch: pytest.MonkeyPatch, expected: int, filling: str, most: int
) -> None:
    # The search took half a second a MiB and more where the versions that fit share no first byte,
    # because then every offset was checked.
    checked = 0
    decode = record.decode_record_header

    def count(data: bytes, offset: int, seed: int) -> record.RecordHeader | None:
        nonlocal checked
        checked += 1
        return decode(data, offset, seed)

    monkeypatch.setattr(record, "decode_record_header", count)
    assert found(mebibyte(filling, expected), expected) is None
    assert checked <= most
