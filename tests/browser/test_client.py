"""The client in JavaScript, end to end: calls, pages, values and errors, on real files.

One client serves most of these tests; what ends a worker is in test_client_life.py.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import libredb
from tests.browser.conftest import Site, Tabs
from tests.browser.page_client import ClientTab

pytestmark = pytest.mark.cpython(reason="drives a browser")

MODULE = """
import time
import libredb
from libredb.remote import register, transaction

@register
def per_level(db):
    return libredb.documents(db, "notes").group_by("level").count()

@transaction
def move(tx, source, target):
    tx.set(target, tx.get(source))
    tx.delete(source)
    return tx.version

@register
def fails(db, number):
    return 1 / number

@register
def numbers(db):
    return [2**60, float("inf"), b"\\xff", None]
"""

SCHEMA = """{
  notes: { indexes: ["level", ["level", "at"]] },
  people: { columns: { id: "str", name: "str", age: "int?", born: "date?", at: "datetime?" },
            unique: ["name"], index: ["age"] },
}"""


@pytest.fixture(scope="module")
def tab(site: Site, tabs: Tabs) -> Iterator[ClientTab]:
    tab = ClientTab(tabs.context.new_page(), site).load()
    tab.open("client", f"{{ schema: {SCHEMA}, module: {{ text: {MODULE!r} }} }}")
    yield tab
    tab.page.close()


def test_raw_keys_and_lists_of_ops(tab: ClientTab) -> None:
    found = tab.run("""
      await db.set("a", "1");
      await db.set(new Uint8Array([0, 255]), new Uint8Array([]));
      const ops = [{ op: "set", key: "b", value: "2", expect: null },
                   { op: "delete", key: new Uint8Array([0, 255]) }];
      return [
        text(await db.get("a")), await db.get("none"), await db.has("a"), await db.transact(ops),
        await told(db.transact(ops)), await db.count({ end: "c" }), await db.delete("b"),
        (await db.getMany(["a", "b"])).map(text), await db.deleteRange({ prefix: "x" }),
      ];
    """)
    conflict = found.pop(4)
    assert found == ["1", None, True, [None, True], 2, True, ["1", None], 0]
    assert (conflict["name"], conflict["code"]) == ("ConflictError", "conflict")
    assert "op 0: the key b'b'" in conflict["message"]


def test_scans_and_finds_read_page_by_page(tab: ClientTab) -> None:
    found = tab.run("""
      const many = Array.from({ length: 1000 }, (_, n) => String(n).padStart(4, "0"));
      await db.transact(many.map((n) => ({ op: "set", key: `page:${n}`, value: n })));
      const keys = [], sizes = [];
      for await (const [key] of db.scan({ prefix: "page:", page: 300 })) keys.push(text(key));
      for await (const page of db.scan({ prefix: "page:", page: 300 }).pages()) {
        sizes.push(page.rows.length);
        if (page.version !== db.version) throw new Error("a page carries its version");
      }
      const back = await db.scan({ prefix: "page:", reverse: true, limit: 2, page: 1 }).toArray();
      const paged = db.documents("paged");
      await paged.insertMany(many.map((n) => ({ n: Number(n) })));
      const rows = await paged.find({ n: { $lt: 700 } }, { order_by: "-n" }).toArray();
      const page = await paged.find({}, { order_by: "n", limit: 3 }).page();
      const next = await paged.find({}, { order_by: "n", limit: 3, after: page.next }).page();
      const ids = (await paged.find({}, { order_by: "n", offset: 998, page: 1 }).toArray());
      return {
        isInOrder: keys.join() === many.map((n) => `page:${n}`).join(),
        sizes, back: back.map(([key]) => text(key)), count: rows.length, first: rows[0].n,
        pages: [page, next].map((each) => each.rows.map((row) => row.n)),
        rest: ids.map((row) => row.n), one: (await paged.find({ n: 7 }).first()).n,
        none: await paged.find({ n: -1 }).first(),
      };
    """)
    assert found == {
        "isInOrder": True,
        "sizes": [300, 300, 300, 100],
        "back": ["page:0999", "page:0998"],
        "count": 700,
        "first": 699,
        "pages": [[0, 1, 2], [3, 4, 5]],
        "rest": [998, 999],
        "one": 7,
        "none": None,
    }


def test_a_kv_keeps_json_and_counts(tab: ClientTab) -> None:
    found = tab.run("""
      const kv = db.kv("settings");
      await kv.set("theme", { dark: true, big: 2n ** 60n });
      await kv.setMany({ x: 1, y: 2 });
      await kv.set("soon", 1, { ttl_ms: 1 });
      await new Promise((resolve) => setTimeout(resolve, 20));
      const { version } = await kv.getVersioned("x");
      return [
        String((await kv.get("theme")).big), await kv.incr("x", 41),
        await kv.putIf("x", 0, version), await kv.has("soon"), await kv.purgeExpired(),
        await kv.count(),
        (await kv.scan({ prefix: "t" }).toArray()).length, await kv.pop("y"), await kv.check(),
      ];
    """)
    assert found == [str(2**60), 42, False, False, 1, 3, 1, 2, []]


def test_documents_are_found_changed_and_held_against_versions(tab: ClientTab) -> None:
    found = tab.run("""
      const notes = db.documents("notes");
      const id = await notes.insert({ level: "warn", at: 7 });
      const level = "info";
      await notes.insertMany([{ id: "2", level, at: 8 }, { id: "3", level, at: 9 }]);
      const { version } = await notes.getVersioned(id);
      await notes.update(id, { $inc: { at: 1 } }, { if_version: version });
      return {
        id, at: (await notes.get(id)).at,
        again: (await told(notes.update(id, { at: 0 }, { if_version: version }))).name,
        twice: (await told(notes.insert({ id }))).name,
        count: await notes.count({ level: "info" }),
        distinct: await notes.distinct("level"),
        explain: await notes.explain({ level: "info" }),
        one: (await told(notes.one({ level: "info" }))).name,
        updated: await notes.updateMany({ level: "info" }, { seen: true }),
        filter: (await told(notes.find({ at: { $near: 1 } }).toArray())).message,
        check: await notes.check(),
      };
    """)
    assert found.pop("id")[14] == "7"
    message = found.pop("filter")
    assert "unknown operator '$near'" in message
    assert found == {
        "at": 8,
        "again": "ConflictError",
        "twice": "DuplicateKeyError",
        "count": 2,
        "distinct": ["info", "warn"],
        "explain": "index level: 1 range, 2 entries read",
        "one": "UsageValueError",
        "updated": 2,
        "check": [],
    }


def test_rows_have_the_types_of_their_columns(tab: ClientTab) -> None:
    found = tab.run("""
      const people = db.table("people");
      const at = new Date("2026-11-01T12:00:00.500Z");
      await people.insert({ id: "1", name: "Ada", age: 36, born: "1990-02-03", at });
      await people.insertMany([{ id: "2", name: "Bo", age: 20 }, { id: "3", name: "Cy" }]);
      const row = await people.get("1");
      const { version } = await people.getVersioned("1");
      await people.update("1", { age: 37 }, { if_version: version });
      return {
        row: { ...row, at: row.at.toISOString() },
        same: await people.count({ at }), born: await people.count({ born: { $lt: "1990-03-01" } }),
        names: (await people.find({ age: { $ne: null } }, { order_by: "-age" }).toArray())
          .map((each) => each.name),
        again: (await told(people.delete("1", { if_version: version }))).name,
        twice: (await told(people.insert({ id: "4", name: "Ada" }))).name,
        wrong: await told(people.insert({ id: "5", name: "E", age: "old" })),
        missing: (await told(db.table("none").get("1"))).message,
      };
    """)
    wrong = found.pop("wrong")
    assert (wrong["name"], wrong["fields"]["field"]) == ("InvalidValueError", "age")
    assert "declare its columns" in found.pop("missing")
    assert found == {
        "row": {
            "id": "1",
            "name": "Ada",
            "age": 36,
            "born": "1990-02-03",
            "at": "2026-11-01T12:00:00.500Z",
        },
        "same": 1,
        "born": 1,
        "names": ["Ada", "Bo"],
        "again": "ConflictError",
        "twice": "UniqueViolationError",
    }


def test_functions_of_the_module_are_called_by_name(tab: ClientTab) -> None:
    found = tab.run("""
      await db.documents("notes").clear();
      await db.documents("notes").insertMany([{ level: "a" }, { level: "a" }, { level: "b" }]);
      await db.set("source", "v");
      const source = new TextEncoder().encode("source");
      const version = await db.call("move", source, new Uint8Array([1]));
      const [big, infinity, bytes, nothing] = await db.call("numbers");
      return {
        groups: await db.call("per_level"), isVersion: version === db.version,
        moved: text(await db.get(new Uint8Array([1]))),
        numbers: [String(big), String(infinity), bytes[0], nothing],
        fails: await told(db.call("fails", 0)), none: await told(db.call("none")),
        lives: await db.callWith({ deadline_ms: 5000 }, "fails", 4),
      };
    """)
    fails, none = found.pop("fails"), found.pop("none")
    assert found == {
        "groups": [["a", 2], ["b", 1]],
        "isVersion": True,
        "moved": "v",
        "numbers": [str(2**60), "Infinity", 255, None],
        "lives": 0.25,
    }
    assert (fails["name"], fails["code"]) == ("RemoteFunctionError", "remote_function")
    assert fails["fields"]["class_name"] == "ZeroDivisionError"
    assert "return 1 / number" in fails["fields"]["traceback"]
    assert none["name"] == "UsageValueError"


def test_the_database_is_compacted_and_tells_about_itself(tab: ClientTab) -> None:
    found = tab.run("""
      const report = await db.compact();
      await db.sync();
      const stats = await db.stats(), storage = await db.storage();
      return {
        names: await db.namespaces(), kind: (await db.describe("notes")).kind,
        check: await db.check(),
        entries: report.entries > 1000, version: stats.durable_version === stats.version,
        used: storage.usage_bytes > 0 && storage.quota_bytes > storage.usage_bytes,
        persistence: typeof (await db.requestPersistence()), name: db.name,
      };
    """)
    assert found == {
        "names": ["notes", "paged", "people", "settings"],
        "kind": "documents",
        "check": [],
        "entries": True,
        "version": True,
        "used": True,
        "persistence": "boolean",
        "name": "client",
    }


def test_a_backup_opens_in_python_and_one_of_python_is_restored(
    tab: ClientTab, tmp_path: Path
) -> None:
    encoded = tab.run("""
      await db.set("backup", "yes");
      const bytes = new Uint8Array(await (await db.backup()).arrayBuffer());
      let binary = "";
      for (const byte of bytes) binary += String.fromCharCode(byte);
      return btoa(binary);
    """)
    path = tmp_path / "page.libredb"
    path.write_bytes(base64.b64decode(encoded))
    with libredb.open(path) as db:
        assert db.get(b"backup") == b"yes"
        assert libredb.documents(db, "notes").check() == []
        libredb.kv(db, "from python")["key"] = "text"
        db.set(b"filler", bytes(3 << 20))  # several pieces
        image = base64.b64encode(b"".join(db.backup())).decode()
    found: Any = tab.run(
        """
      await db.set("later", "1");
      const broken = await told(db.restore(new Uint8Array(100)));
      const later = text(await db.get("later"));
      await db.restore(new Blob([Uint8Array.from(atob(args[0]), (c) => c.charCodeAt(0))]));
      return [broken.name, later, await db.kv("from python").get("key"), await db.get("later")];
    """,
        image,
    )
    assert found == ["NotADatabaseError", "1", "text", None]
