/**
 * Claim: the client sends the requests of messages.json, and understands its replies and errors.
 *
 * Node runs it; no worker and no database is behind it. Python is held against the same file.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import * as errors from "../src/errors.js";
import { newId } from "../src/ids.js";
import { decode, encode, READS } from "../src/protocol.js";
import { clientOf, text } from "./harness.js";

const GOLDEN = JSON.parse(
  readFileSync(new URL("../../tests/remote/messages.json", import.meta.url), "utf8"),
);
const ID = "01890a5d-ac96-774b-bcce-b302099a8057";

/** What the conversation asks, as a page writes it: the call, and what comes back. */
const SCRIPT = [
  (_, calls) => calls.value("connect", GOLDEN.conversation[0].request.args),
  (db) => db.set("a", "1"),
  (db) => db.set(new Uint8Array([0, 255]), new ArrayBuffer(0)),
  [(db) => db.get("a"), text("1")],
  [(db) => db.get("none"), null],
  [(db) => db.getMany(["a", "none"]), [text("1"), null]],
  [(db) => db.has("a"), true],
  [
    (db) =>
      db.transact([
        { op: "set", key: "b", value: "2", expect: null },
        { op: "delete", key: new Uint8Array([0, 255]) },
        { op: "check", key: "a", expect: "1" },
      ]),
    [null, true, null],
  ],
  [(db) => db.transact([{ op: "set", key: "b", value: "3", expect: null }]), "ConflictError"],
  [
    (db) => db.scan({ start: "a", limit: 2, page: 1 }).toArray(),
    [
      ["a", "1"],
      ["b", "2"],
    ],
    2,
  ],
  [(db) => db.scan({ prefix: "b", reverse: true }).toArray(), [["b", "2"]]],
  [(db) => db.count({ start: "a", end: "c" }), 2],
  [(db) => db.delete("b"), true],
  [(db) => db.deleteRange({ prefix: "zz" }), 0],
  (db) => db.kv("settings").set("theme", { dark: true, left_out: undefined }),
  (db) => db.kv("settings").set("big", 2n ** 60n, { ttl_ms: 60000 }),
  (db) => db.kv("settings").setMany({ x: 1, y: [1.5, null] }),
  [(db) => db.kv("settings").get("theme"), { dark: true }],
  [(db) => db.kv("settings").get("big"), 2n ** 60n],
  [(db) => db.kv("settings").getVersioned("x"), { value: 1, version: 524288 }],
  [(db) => db.kv("settings").getMany(["x", "none"]), [1, null]],
  [(db) => db.kv("settings").has("x"), true],
  [(db) => db.kv("settings").putIf("x", 2, 0), false],
  [(db) => db.kv("settings").incr("n", 5), 5],
  [(db) => db.kv("settings").setDefault("n", 7), 5],
  [(db) => db.kv("settings").pop("n"), 5],
  [
    (db) => db.kv("settings").scan({ prefix: "", limit: 4, page: 2 }).toArray(),
    [
      ["big", 2n ** 60n],
      ["theme", { dark: true }],
      ["x", 1],
      ["y", [1.5, null]],
    ],
    2,
  ],
  [(db) => db.kv("settings").count(), 4],
  [(db) => db.kv("settings").delete("x"), true],
  [(db) => db.kv("settings").deleteRange({ start: "y", end: "z" }), 1],
  [(db) => db.kv("settings").purgeExpired(), 0],
  [(db) => db.kv("settings").check(), []],
  [(db) => db.documents("notes").insert({ id: ID, level: "warn", at: 7 }), ID],
  [(db) => db.documents("notes").insert({ id: ID, level: "warn", at: 7 }), "DuplicateKeyError"],
  [
    (db) =>
      db.documents("notes").insertMany([
        { id: "2", level: "info", at: 8 },
        { id: "3", level: "info", at: 9 },
      ]),
    ["2", "3"],
  ],
  [(db) => db.documents("notes").put({ id: "2", level: "info", at: 80 }), "2"],
  [(db) => db.documents("notes").putMany([{ id: "4", level: "low" }]), ["4"]],
  [(db) => db.documents("notes").get("2"), { id: "2", level: "info", at: 80 }],
  [(db) => db.documents("notes").getVersioned("none"), { document: null, version: 0 }],
  [(db) => db.documents("notes").getMany(["3", "none"]), [{ id: "3", level: "info", at: 9 }, null]],
  [(db) => db.documents("notes").has("3"), true],
  [(db) => db.documents("notes").update("3", { $inc: { at: 1 } }), true],
  [(db) => db.documents("notes").update("3", { level: "low" }, { if_version: 1 }), "ConflictError"],
  [(db) => db.documents("notes").updateMany({ level: "info" }, { $set: { seen: true } }), 2],
  [(db) => db.documents("notes").upsert({ id: "5" }, { level: "new" }), "inserted"],
  (db) =>
    db
      .documents("notes")
      .find({ at: { $gte: 8 } }, { order_by: "-at", limit: 1 })
      .page(),
  [(db) => db.documents("notes").findOne({ level: "warn" }), { id: ID, level: "warn", at: 7 }],
  [(db) => db.documents("notes").one({ level: "warn" }), { id: ID, level: "warn", at: 7 }],
  [(db) => db.documents("notes").count({ $or: [{ level: "warn" }, { at: { $lt: 11 } }] }), 2],
  [(db) => db.documents("notes").distinct("level"), ["info", "low", "new", "warn"]],
  [(db) => db.documents("notes").explain({ level: "warn" }), "index level: 1 range, 1 entry read"],
  [(db) => db.documents("notes").createIndex("at", { unique: true }), "at"],
  (db) => db.documents("notes").indexes(),
  (db) => db.documents("notes").dropIndex("at"),
  [(db) => db.documents("notes").check(), []],
  [(db) => db.documents("notes").delete("2"), true],
  [(db) => db.documents("notes").deleteMany(["3", "none"]), 1],
  [(db) => db.documents("notes").deleteWhere({ level: "low" }), 1],
  [(db) => db.documents("notes").clear(), 2],
  (db) => db.table("people").insert({ id: "1", age: 36, born: "1990-02-03" }),
  [
    (db) =>
      db.table("people").insertMany([
        { id: "2", age: 20 },
        { id: "3", age: null },
      ]),
    2,
  ],
  (db) => db.table("people").put({ id: "2", age: 21 }),
  [(db) => db.table("people").upsert({ id: "4", age: 50 }), "inserted"],
  [(db) => db.table("people").update("4", { age: 51 }), true],
  [(db) => db.table("people").updateWhere({ age: { $gt: 50 } }, { age: 52 }), 1],
  [(db) => db.table("people").get("1"), { id: "1", age: 36, born: "1990-02-03" }],
  (db) => db.table("people").getVersioned("1"),
  [
    (db) => db.table("people").getMany(["1", "none"]),
    [{ id: "1", age: 36, born: "1990-02-03" }, null],
  ],
  [(db) => db.table("people").has("1"), true],
  [
    (db) =>
      db
        .table("people")
        .find({ born: { $lt: "1991-01-01" } }, { order_by: ["-age"] })
        .toArray(),
    [{ id: "1", age: 36, born: "1990-02-03" }],
  ],
  (db) => db.table("people").findOne({ age: { $gte: 30 } }, { order_by: "age" }),
  [(db) => db.table("people").count({ age: null }), 1],
  [(db) => db.table("people").explain({ age: 36 }), "index age: 1 range, 1 entry read"],
  [(db) => db.table("people").indexes(), ["age"]],
  [(db) => db.table("people").check(), []],
  [(db) => db.table("people").delete("2"), true],
  [(db) => db.table("people").deleteWhere({ id: { $in: ["3", "4"] } }), 2],
  (db) => db.table("people").dropIndex("age"),
  [(db) => db.table("people").clear(), 1],
  [(db) => db.call("total", 1, 2, 3.5), 6.5],
  [(db) => db.call("rename", text("a"), text("A")), true],
  [(db) => db.call("none"), "UsageValueError"],
  [(db) => db.namespaces(), ["notes", "people", "settings"]],
  (db) => db.describe("settings"),
  [(db) => db.check(), []],
  (db) => db.rename("settings", "options"),
  [(db) => db.drop("options"), 3],
  (db) => db.kv("settings").clear(),
  (db) => db.sync(),
  (db) => db.stats(),
  (db) => db.compact(),
  [
    async (db) => new Uint8Array(await (await db.backup()).arrayBuffer()),
    new Uint8Array([0, 1, 2]),
    3,
  ],
  [(db) => db.restore(text("nothing")), "NotADatabaseError"],
  (_, calls) => calls.value("storage", {}),
  (_, calls) => calls.value("request_persistence", {}),
];

/** Say how long a page is, where a call of the golden conversation leaves that open. */
function withoutDefaults(call, args) {
  const { limit, offset, ...rest } = args;
  const kept = { ...rest };
  if (limit !== undefined && limit !== 256) kept.limit = limit;
  if (offset) kept.offset = offset;
  return call === "connect" ? args : kept;
}

test("every call is sent as recorded, and its reply is understood", async () => {
  let asked = 0;
  const { db, calls, post } = clientOf((request) => {
    const { request: expected, reply } = GOLDEN.conversation[asked];
    asked += 1;
    const place = `request ${asked}: ${request.call}`;
    assert.equal(request.call, expected.call, place);
    const args = withoutDefaults(request.call, request.args);
    assert.deepEqual(args, withoutDefaults(expected.call, expected.args), place);
    assert.equal(request.protocol, 1);
    return structuredClone(reply);
  });
  calls.open(post);
  const asText = (rows) => rows.map(([k, v]) => [k, v].map((e) => new TextDecoder().decode(e)));
  for (const step of SCRIPT) {
    const [ask, expected, count = 1] = Array.isArray(step) ? step : [step];
    const before = asked;
    const place = `step ${before + 1}: ${ask}`;
    if (typeof expected === "string" && expected.endsWith("Error")) {
      await assert.rejects(
        ask(db, calls),
        errors.ERRORS.find(({ title }) => title === expected),
        place,
      );
    } else {
      const found = await ask(db, calls);
      const isRaw =
        Array.isArray(expected) && Array.isArray(expected[0]) && String(ask).includes("db.scan");
      if (expected !== undefined) assert.deepEqual(isRaw ? asText(found) : found, expected, place);
    }
    assert.equal(asked - before, count, place);
  }
  assert.equal(asked, GOLDEN.conversation.length);
});

test("each value comes back as it was recorded", () => {
  for (const [name, stored] of Object.entries(GOLDEN.values)) {
    assert.deepEqual(encode(decode(structuredClone(stored))), stored, name);
  }
});

test("values are of the classes that JavaScript has for them", () => {
  const value = (name) => decode(structuredClone(GOLDEN.values[name] ?? GOLDEN.received[name]));
  assert.deepEqual(value("bytes"), new Uint8Array([0, 255]));
  assert.equal(value("far beyond"), -(10n ** 30n));
  assert.equal(value("largest exact"), 2 ** 53 - 1);
  assert.equal(value("minus infinity"), -Infinity);
  assert.equal(value("datetime").toISOString(), "2026-11-01T12:30:00.000Z");
  assert.equal(value("datetime of microseconds").microseconds % 1000, 456);
  assert.equal(value("datetime before 1970").toISOString(), "1969-12-31T23:59:59.999Z");
  assert.equal(value("naive datetime"), "2026-11-01T12:30:00");
  assert.equal(value("date"), "2026-11-01");
  assert.equal(value("decimal"), "1.50");
  assert.equal(value("uuid"), ID);
  assert.deepEqual(value("object that looks like a tag"), { $bytes: "AA==" });
});

test("a Date that was changed loses its microseconds", () => {
  const date = decode(structuredClone(GOLDEN.values["datetime of microseconds"]));
  date.setUTCFullYear(2027);
  assert.equal(encode(date).$datetime, date.getTime() * 1000);
});

test("a name like __proto__ is a name like any other", () => {
  const stored = JSON.parse('{"__proto__": {"$bytes": "AA=="}, "a": 1}');
  const value = decode(stored);
  assert.ok(Object.hasOwn(value, "__proto__"));
  assert.equal(JSON.stringify(encode(value)), '{"__proto__":{"$bytes":"AA=="},"a":1}');
});

test("what cannot cross is refused before it is sent", async () => {
  const { db, sent, calls, post } = clientOf(() => ({ version: 0, value: null }));
  calls.open(post);
  const cycle = {};
  cycle.self = cycle;
  const wrong = [
    NaN,
    undefined,
    () => 1,
    new Map(),
    Symbol("s"),
    new Date(NaN),
    [undefined],
    cycle,
  ];
  for (const value of wrong.slice(0, 1).concat(wrong.slice(2))) {
    await assert.rejects(db.kv("n").set("k", value), errors.UsageError, String(typeof value));
  }
  await assert.rejects(db.get(7), errors.UsageTypeError);
  await assert.rejects(db.get("\ud800"), errors.UsageValueError);
  await assert.rejects(db.set("k", null), errors.UsageTypeError);
  assert.throws(() => db.kv(""), errors.UsageError);
  assert.throws(() => db.scan("prefix"), errors.UsageError);
  assert.throws(() => db.scan({ limit: -1 }), errors.UsageError);
  assert.throws(() => [...db.scan()], /for await/);
  let deep = [];
  for (let depth = 0; depth < 300; depth++) deep = [deep];
  await assert.rejects(db.kv("n").set("k", deep), /128 levels/);
  assert.equal(sent.length, 0);
});

test("every error of Python is a class here, of the same code and above the same", () => {
  const known = new Map(errors.ERRORS.map((each) => [each.title, each]));
  for (const [name, [code, above]] of Object.entries(GOLDEN.errors)) {
    const found = known.get(name);
    assert.equal(found?.code, code, name);
    if (above) assert.equal(Object.getPrototypeOf(found).title, above, name);
    const error = errors.errorOf({ code, message: "told", fields: { id: 7 } });
    assert.ok(error instanceof found && error.name === name && error.message === "told");
  }
  const here = errors.ERRORS.map((each) => each.title).filter((name) => !(name in GOLDEN.errors));
  assert.deepEqual(here, ["WorkerError", "OutcomeUnknownError"]);
  assert.equal(errors.errorOf({ code: "new", message: "m", fields: {} }).code, "new");
});

test("what changes nothing is known by its name", () => {
  assert.deepEqual([...READS].sort(), GOLDEN.reads);
});

test("ids rise strictly and are UUIDs of version 7", () => {
  const ids = Array.from({ length: 2000 }, newId);
  assert.deepEqual(ids, [...new Set(ids)].sort());
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const now = Number(BigInt(`0x${ids[0].replace("-", "").slice(0, 12)}`));
  assert.ok(Math.abs(now - Date.now()) < 60_000);
});

test("a document without an id gets one, and one that counts does not", async () => {
  const { db, sent, calls, post } = clientOf(() => ({ version: 0, value: null }));
  calls.open(post);
  const given = { a: 1 };
  await db.documents("n").insert(given);
  await db.documents("n", { ids: "counter" }).insert(given);
  assert.match(sent[0].args.document.id, /-7/);
  assert.deepEqual(sent[1].args.document, { a: 1 });
  assert.deepEqual(given, { a: 1 });
});
