"""Claim: a client finds through kv and documents what Python wrote, and the other way round."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

import libredb
from libredb import Database
from libredb.remote.calls.kv import successor
from tests.remote.asking import Asker, RefusedError, asker
from tests.remote.test_raw import pages


def database(ask: Asker) -> Database:
    """Return the database behind a client."""
    return ask.server._upkeep.db


def refused(ask: Asker, call: str, **args: Any) -> RefusedError:
    with pytest.raises(RefusedError) as found:
        ask(call, **args)
    return found.value


def test_a_kv_is_of_json_where_nobody_says_otherwise() -> None:
    ask = asker()
    ask("kv.set", namespace="n", key="k", value={"a": [1]})
    assert libredb.kv(database(ask), "n", values="json")["k"] == {"a": [1]}


@pytest.mark.parametrize(("values", "value"), [("str", "text"), ("bytes", b"\xff"), ("json", [1])])
def test_a_kv_that_is_there_is_read_as_it_is_recorded(values: Any, value: Any) -> None:
    ask = asker()
    libredb.kv(database(ask), "n", values)["k"] = value
    assert ask("kv.get", namespace="n", key="k") == value
    assert ask("kv.get", namespace="n", key="k", values=values) == value


def test_a_kv_of_other_values_than_asked_for_is_refused() -> None:
    ask = asker()
    ask("connect", schema={"n": {"kind": "kv", "values": "bytes"}})
    ask("kv.set", namespace="n", key="k", value=b"v")  # as it was declared
    assert refused(ask, "kv.get", namespace="n", key="k", values="str").code == "schema_mismatch"


def test_an_entry_is_gone_after_its_time_to_live() -> None:
    ask = asker()
    ask("kv.set", namespace="n", key="k", value=1, ttl_ms=1e9)
    long_ago = libredb.kv(database(ask), "n", values="json", clock=lambda: 0)
    long_ago.set("gone", 1, ttl=timedelta(seconds=1))
    assert ask("kv.has", namespace="n", key="k")
    assert not ask("kv.has", namespace="n", key="gone")
    assert ask("kv.purge_expired", namespace="n") == 1
    for impossible in (float("inf"), 1e300):
        told = refused(ask, "kv.set", namespace="n", key="k", value=1, ttl_ms=impossible)
        assert told.code == "usage_value"


@pytest.mark.parametrize("seed", range(8))
def test_a_scan_of_a_kv_in_pages_is_the_scan(seed: int) -> None:
    random, ask = Random(seed), asker()
    letters = ["a", "b", "\ud7ff", "\ue000", "\U0010ffff", "\x00"]

    def text() -> str:
        return "".join(random.choice(letters) for _ in range(random.randrange(4)))

    model = {text(): 1 for _ in range(40)}
    ask("kv.set_many", namespace="n", entries=list(model.items()))
    assert ask("kv.count", namespace="n") == len(model)
    for step in range(30):
        reverse, limit = random.random() < 0.5, random.choice([1, 3, 100])
        start, end = text(), random.choice([None, text()])
        where: dict[str, Any] = {"start": start, "end": end}
        inside = [k for k in sorted(model) if start <= k and (end is None or k < end)]
        if step % 2:
            where = {"prefix": start}
            inside = [k for k in sorted(model) if k.startswith(start)]
        found = pages(ask, "kv.scan", namespace="n", **where, reverse=reverse, limit=limit)
        expected = inside[::-1] if reverse else inside
        assert [key for key, _ in found] == expected, f"seed {seed}, step {step}, {where}"


@pytest.mark.parametrize(
    ("prefix", "end"),
    [
        ("", None),
        ("a", "b"),
        ("a\U0010ffff", "b"),
        ("\U0010ffff\U0010ffff", None),
        ("\ud7ff", "\ue000"),
    ],
)
def test_the_first_text_behind_a_prefix(prefix: str, end: str | None) -> None:
    assert successor(prefix) == end


def test_a_version_is_held_against_that_of_a_key() -> None:
    ask = asker()
    assert ask("kv.put_if", namespace="n", key="k", value=1, version=0)
    found = ask("kv.get_versioned", namespace="n", key="k")
    assert found["value"] == 1
    assert ask("kv.put_if", namespace="n", key="k", value=2, version=found["version"])
    assert not ask("kv.put_if", namespace="n", key="k", value=3, version=found["version"])
    assert ask("kv.get", namespace="n", key="k") == 2


def test_documents_are_found_in_pages_in_their_order() -> None:
    ask = asker()
    many: list[dict[str, Any]] = [{"id": f"{n:03}", "n": n % 10} for n in range(100)]
    ask("documents.insert_many", namespace="d", documents=many)
    ask("documents.create_index", namespace="d", fields=["n"])
    found, after = list[Any](), None
    while True:
        search = {"filter": {"n": {"$gte": 3}}, "order_by": ["-n", "id"], "limit": 7}
        page = ask("documents.find", namespace="d", **search, after=after)
        assert len(page["rows"]) <= 7
        found += page["rows"]
        after = page["next"]
        if after is None:
            break
    assert found == sorted((d for d in many if d["n"] >= 3), key=lambda d: (-d["n"], d["id"]))


def test_a_document_that_is_sent_again_is_no_second_document() -> None:
    ask = asker()
    ask("documents.insert", namespace="d", document={"id": "drawn", "a": 1})
    told = refused(ask, "documents.insert", namespace="d", document={"id": "drawn", "a": 1})
    assert told.code == "duplicate_key"
    assert told.fields == {"namespace": "d", "id": "drawn"}
    assert ask("documents.count", namespace="d") == 1


def test_documents_whose_ids_count_up_are_found_by_numbers() -> None:
    ask = asker()
    assert ask("documents.insert", namespace="d", document={"a": 1}, ids="counter") == 1
    ask("connect", schema={"d": {"ids": "counter"}})
    assert ask("documents.insert", namespace="d", document={"a": 2}) == 2
    assert ask("documents.get", namespace="d", id=2) == {"id": 2, "a": 2}


def test_a_version_is_held_against_that_of_a_document() -> None:
    ask = asker()
    ask("documents.put", namespace="d", document={"id": "1", "a": 1}, if_version=0)
    version = ask("documents.get_versioned", namespace="d", id="1")["version"]
    assert ask("documents.update", namespace="d", id="1", patch={"a": 2}, if_version=version)
    for call, args in [
        ("documents.put", {"document": {"id": "1", "a": 3}}),
        ("documents.update", {"id": "1", "patch": {"a": 3}}),
        ("documents.delete", {"id": "1"}),
    ]:
        assert refused(ask, call, namespace="d", **args, if_version=version).code == "conflict"
    assert ask("documents.get", namespace="d", id="1") == {"id": "1", "a": 2}


def test_a_path_that_has_dots_in_its_names_is_a_list() -> None:
    ask = asker()
    ask("documents.insert", namespace="d", document={"id": "1", "a.b": 1, "a": {"b": 2}})
    assert ask("documents.distinct", namespace="d", path=["a.b"]) == [1]
    assert ask("documents.distinct", namespace="d", path="a.b") == [2]
    ask("documents.create_index", namespace="d", fields=[["a.b"], "a.b"])
    assert ask("documents.find", namespace="d", order_by=[["a.b"]])["rows"][0]["id"] == "1"


def test_a_unique_index_names_the_owner() -> None:
    ask = asker()
    ask("connect", schema={"d": {"indexes": [{"fields": "mail", "unique": True}]}})
    ask("documents.insert", namespace="d", document={"id": "1", "mail": "x"})
    told = refused(ask, "documents.insert", namespace="d", document={"id": "2", "mail": "x"})
    assert told.code == "unique_violation"
    assert "mail" in told.message


def test_a_namespace_of_another_kind_is_refused() -> None:
    ask = asker()
    ask("kv.set", namespace="n", key="k", value=1)
    told = refused(ask, "documents.get", namespace="n", id="1")
    assert told.code == "namespace_kind"
    assert (told.fields["expected"], told.fields["actual"]) == ("documents", "kv")


def test_the_catalog_tells_renames_and_drops() -> None:
    ask = asker()
    ask("documents.insert", namespace="d", document={"id": "1"})
    assert ask("catalog.describe", namespace="d")["kind"] == "documents"
    ask("catalog.rename", namespace="d", new_name="e")
    assert ask("catalog.names") == ["e"]
    assert ask("catalog.drop", namespace="e") == 1
    assert refused(ask, "catalog.describe", namespace="e").code == "missing_key"
    assert ask("catalog.check") == []
