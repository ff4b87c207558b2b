"""Claim: what the TypeScript library opened, cut and refused, ours reads, cuts and refuses.

Compared with its newest version: the entries, where the last whole record ends, how much is cut
off, the kind of a refusal, and the file after one more commit. Every difference is listed, with the
reason, and every family is counted, so that nothing is compared less often than it seems.
"""

from hashlib import sha256
from typing import Any

from libredb.interop import upgrade
from libredb.interop.typescript.layout import CATALOG, collection_of
from libredb.interop.typescript.log import HEADER, OldLog, encode_record, read_log
from libredb.kernel import record
from libredb.kernel.errors import CorruptLogError
from sim.world.filesystem import SimFileSystem
from tests.support.files import contents
from tests.unit.interop.typescript.recorded import (
    CODES,
    entries_of,
    needs_recorded,
    recorded,
    recorded_file,
    refusal_of,
)

pytestmark = needs_recorded

TABLES = ("v0_small", "v0_single", "v1_small", "v1_single")
AFTER = record.encode_ops([(b"after", b"crash")])

ZEROS = {"v1_tail_zeros_12", "v1_tail_zeros_16", "v1_tail_zeros_64", "v1_tail_zeros_4096"}
"""Refused there. A crash explains a tail of zeros, so here it is cut off."""


def after_one_more_commit(data: bytes, log: OldLog) -> bytes:
    """Return the file as their writer would go on with it."""
    kept = data[: log.end] or HEADER
    return kept + encode_record(AFTER, log.format)


def is_like(data: bytes, expected: dict[str, Any]) -> bool:
    """Whether our reader makes of a file what theirs did."""
    if expected["result"] == "error":
        return refusal_of(lambda: read_log(data)) is CODES[expected["error"]["code"]]
    log = read_log(data)
    after = after_one_more_commit(data, log)
    return (
        log.entries() == entries_of(expected["entries"])
        and catalog_of(log) == expected["catalog"]
        and log.discarded_bytes == (expected["truncated"] or 0)
        and log.end == expected["size_after"]
        and len(after) == expected["append_size"]
        and sha256(after).hexdigest() == expected["append_sha256"]
    )


def catalog_of(log: OldLog) -> list[Any]:
    """Return the catalog as theirs shows it."""
    found: list[Any] = []
    for key, value in log.entries().items():
        if key.startswith(CATALOG):
            collection = collection_of(key, value)
            assert collection is not None, (key, value)
            described: dict[str, Any] = {"kind": "document"}
            if collection.columns is not None:
                schema = {"primaryKey": collection.key, "columns": collection.columns}
                described = {"kind": "relational", "schema": schema}
            found.append([collection.name, described])
    return found


def test_every_recorded_file_is_read_as_it_was() -> None:
    cases = recorded("manifest.json")["cases"]
    different = [
        case["name"]
        for case in cases
        if not is_like(recorded_file(case["file"]), case["expected"]["newest"])
    ]
    assert different == []
    assert len(cases) == 25


def test_every_transaction_of_a_recorded_file_is_a_record_that_ours_would_write() -> None:
    compared = 0
    for case in recorded("manifest.json")["cases"]:
        data = recorded_file(case["file"])
        log = read_log(data)
        written = HEADER if data and log.format else b""
        written += b"".join(
            encode_record(record.encode_ops(ops), log.format) for ops in log.transactions
        )
        assert written == data, case["name"]
        compared += len(log.transactions)
    assert compared == 431


def outcome(data: bytes, states: list[dict[bytes, bytes]]) -> list[Any]:
    """Return what a table of damage says of a file."""
    refused = refusal_of(lambda: read_log(data))
    if refused is not None:
        code = next(code for code, kind in CODES.items() if kind is refused)
        return [code, len(data), None, None]
    log = read_log(data)
    after = sha256(after_one_more_commit(data, log)).hexdigest()[:16]
    return [states.index(log.entries()), log.end, log.discarded_bytes or None, after]


def test_every_cut_has_the_outcome_that_was_recorded() -> None:
    counts: list[int] = []
    for name in TABLES:
        table = recorded(f"table_{name}.json")
        base, states = bytes.fromhex(table["base_hex"]), list(map(entries_of, table["states"]))
        for length, newest, _ in table["cuts"]:
            assert outcome(base[:length], states) == newest, (name, length)
        counts.append(len(table["cuts"]))
    assert counts == [103, 27, 127, 39]


def test_every_flip_has_the_outcome_that_was_recorded() -> None:
    counts: list[int] = []
    for name in TABLES:
        table = recorded(f"table_{name}.json")
        base, states = bytes.fromhex(table["base_hex"]), list(map(entries_of, table["states"]))
        for offset, mask, newest, _ in table["flips"]:
            damaged = bytearray(base)
            damaged[offset] ^= mask
            assert outcome(bytes(damaged), states) == newest, (name, offset, mask)
        counts.append(len(table["flips"]))
    assert counts == [306, 78, 378, 114]


def variants() -> dict[str, tuple[bytes, dict[str, Any]]]:
    """Return the bytes of each variant, and what the newest version made of it."""
    return {
        case["name"]: (
            bytes.fromhex(case["hex"]) if "hex" in case else recorded_file(case["file"]),
            case["newest"],
        )
        for case in recorded("variants.json")
    }


def test_every_variant_is_read_as_it_was_but_for_tails_of_zeros() -> None:
    found = variants()
    different = {name for name, (data, expected) in found.items() if not is_like(data, expected)}
    assert different == ZEROS
    assert len(found) == 193


def test_a_tail_of_zeros_is_cut_off() -> None:
    found = variants()
    base = read_log(found["v1_tail_zeros_8"][0])
    for name in ZEROS:
        data, expected = found[name]
        assert expected["error"]["code"] == "CORRUPT_WAL"
        log = read_log(data)
        assert (log.entries(), log.end) == (base.entries(), base.end)
        assert (log.discarded_bytes, log.whole_behind) == (len(data) - base.end, None)


def upgraded(data: bytes) -> str:
    """Return whether a file is upgraded, and whether it and the target are as they must be."""
    fs = SimFileSystem()
    fs.install("old", data)
    refused = refusal_of(lambda: upgrade("old", "new", fs=fs))
    assert contents(fs, "old") == [data]
    assert bool(contents(fs, "new")) == (refused is None)
    return "upgraded" if refused is None else refused.__name__


def test_upgrade_refuses_what_was_refused_and_whole_records_behind_a_damaged_one() -> None:
    files = [recorded_file(case["file"]) for case in recorded("manifest.json")["cases"]]
    files += [data for data, _ in variants().values()]
    table = recorded("table_v0_small.json")
    for offset, mask, *_ in table["flips"]:
        damaged = bytearray.fromhex(table["base_hex"])
        damaged[offset] ^= mask
        files.append(bytes(damaged))
    only_ours = 0
    for data in files:
        refused = refusal_of(lambda data=data: read_log(data))
        found = upgraded(data)
        if refused is not None:
            assert found == refused.__name__
        elif read_log(data).whole_behind is not None:
            only_ours += 1
            assert found == CorruptLogError.__name__
        else:
            assert found == "upgraded"
    assert (len(files), only_ours) == (25 + 193 + 306, 22)
