"""Claim: an upgraded database shows what its TypeScript lenses showed, and goes on as they did.

Each recorded call is made on a database that was upgraded from the file of that moment. Compared
are the answer, and what is left behind, converted back. Every difference is listed with its reason.
Not compared, and counted: projections, chained queries and joins, which tell nothing of a file.
"""

from collections import Counter
from typing import Any

from libredb.interop.typescript import javascript
from libredb.lens.values.json_value import equal
from tests.unit.interop.typescript.recorded import FOLDER, entries_of, needs_recorded
from tests.unit.interop.typescript.theirs import Entries, Step, called, written

pytestmark = needs_recorded

MARK = "a leading U+FEFF is kept"
NO_TEXT = "bytes that are no text are no entry of a kv; there, two such keys may look the same"
SEPARATE = "a kv has its own keys: those of collections and of the catalog are not in it"
NAMES = "names may have ':' or zero bytes here; `convert` refuses them"
EMPTY_ID = "an id is not empty here; the document stays a raw key"
SURROGATE = "a text is well-formed here; the document stays a raw key"
NO_DOCUMENT = "what is no object is no document, and hinders nobody from reading the others"
RECORD = "a record of the catalog that no lens wrote stays a raw key"
EMPTY_PREFIX = "an empty prefix is that of all keys"
TYPES = "a column is only compared with values of its type"

DIFFERENCES = {
    ("kv_scan", 20): EMPTY_PREFIX,
    ("kv_reserved", 1): RECORD,
    ("kv_reserved", 2): SEPARATE,
    ("kv_nonutf8", 2): NO_TEXT,
    ("kv_nonutf8", 4): NO_TEXT,
    ("kv_nonutf8", 6): MARK,
    ("kv_nonutf8", 7): MARK,
    ("bom_upstream_bug", 1): MARK,
    ("bom_upstream_bug", 4): MARK,
    ("bom_upstream_bug", 7): MARK,
    ("doc_names", 1): NAMES,
    ("doc_names", 2): NAMES,
    ("doc_names", 3): NAMES,
    ("doc_ids", 0): EMPTY_ID,
    ("doc_ids", 10): EMPTY_ID,
    ("doc_isolation", 5): SEPARATE,
    ("doc_isolation", 9): NO_DOCUMENT,
    ("doc_isolation", 10): NO_DOCUMENT,
    ("doc_isolation", 12): NO_DOCUMENT,
    ("doc_json", 1): SURROGATE,
    ("doc_json", 4): SURROGATE,
    ("table_schema", 13): NAMES,
    ("table_schema", 15): NAMES,
    ("table_vs_doc", 7): RECORD,
    ("table_vs_doc", 8): RECORD,
    ("table_vs_doc", 9): RECORD,
    ("table_query", 11): TYPES,
    ("random_lens", 7): EMPTY_ID,
}


def sequences() -> list[dict[str, Any]]:
    """Return the recorded calls, with numbers as JavaScript has them."""
    text = (FOLDER / "lens_vectors.json").read_text(encoding="utf-8")
    return javascript.read(text)["sequences"]


def is_compared(step: Step) -> bool:
    """Whether a call tells something of what is kept."""
    return step[0] not in {"query", "isReservedKey"} and "select" not in step[1:]


def meaning(entries: Entries) -> dict[bytes, Any]:
    """Return entries with their JSON read, for a table has its columns in another order."""
    return {key: meaning_of(value) for key, value in entries.items()}


def meaning_of(value: bytes) -> Any:
    try:
        return javascript.read(value.decode())
    except ValueError:
        return value


def answers_alike(step: Step, theirs: Any, ours: Any) -> bool:
    """Whether two answers are equal; of two dumps, whether they mean the same."""
    if "error" in (theirs, ours):
        return theirs == ours
    answers = [each["ok"] for each in (theirs, ours)]
    if step[0] == "dump":
        answers = [meaning(entries_of(each)) for each in answers]
        return answers[0] == answers[1]
    return equal(*answers)


def test_every_recorded_call_answers_and_leaves_the_same_but_for_the_differences() -> None:
    counts: Counter[str] = Counter()
    different: set[tuple[str, int]] = set()
    for sequence in sequences():
        left: Entries = {}
        for index, recorded in enumerate(sequence["steps"]):
            step = recorded["step"]
            if not is_compared(step):
                counts["not compared"] += 1
                continue
            expected = recorded.get("both", recorded.get("newest"))
            theirs = expected if "ok" in expected else "error"
            ours, after = called(left, step)
            left = left if theirs == "error" else written(left, step)
            alike = answers_alike(step, theirs, ours) and meaning(after) == meaning(left)
            counts["alike" if alike else "different"] += 1
            if not alike:
                different.add((sequence["name"], index))
    assert different == DIFFERENCES.keys()
    assert counts == {"alike": 219, "different": 28, "not compared": 22}


def test_every_recorded_dump_is_what_our_encoders_write_byte_for_byte() -> None:
    dumps = 0
    for sequence in sequences():
        left: Entries = {}
        for recorded in sequence["steps"]:
            expected = recorded.get("both", recorded.get("newest"))
            if "ok" in expected and is_compared(recorded["step"]):
                left = written(left, recorded["step"])
            if recorded["step"] == ["dump"]:
                found = [[key.hex(), value.hex()] for key, value in left.items()]
                assert found == expected["ok"], sequence["name"]
                dumps += 1
    assert dumps == 13
