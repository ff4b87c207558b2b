/** Claim: it is known what has become of every call: not begun, done, or unknown. */

import assert from "node:assert/strict";
import test from "node:test";

import * as errors from "../src/errors.js";
import { clientOf, text } from "./harness.js";

test("one request is on its way at a time, in the order of the calls", async () => {
  const { db, sent, calls, post } = clientOf(() => null);
  calls.open(post);
  const both = [db.get("a"), db.get("b")];
  assert.equal(sent.length, 1);
  calls.receive(JSON.stringify({ id: sent[0].id, version: 1, value: null }));
  assert.equal(sent.length, 2);
  calls.receive(JSON.stringify({ id: 99, version: 1, value: "of another client" }));
  calls.receive(JSON.stringify({ id: sent[1].id, version: 2, value: { $bytes: "AA==" } }));
  assert.deepEqual(await Promise.all(both), [null, new Uint8Array([0])]);
  assert.equal(db.version, 2);
});

test("a call whose time is up before it began is taken out, and has not happened", async () => {
  const { db, sent, calls, post } = clientOf(() => null);
  calls.open(post);
  const first = db.get("a");
  const late = db.set("b", "1", { deadline_ms: 5 });
  const aborting = new AbortController();
  const aborted = db.set("c", "1", { signal: aborting.signal });
  aborting.abort();
  await assert.rejects(aborted, { name: "AbortError" });
  await assert.rejects(
    late,
    (error) => error.code === "deadline" && /nothing happened/.test(error.message),
  );
  calls.receive(JSON.stringify({ id: sent[0].id, version: 1, value: null }));
  await first;
  assert.deepEqual(
    sent.map(({ call }) => call),
    ["get"],
  );
});

test("a write whose time is up while it runs has an unknown outcome, and the next call waits", async () => {
  const { db, sent, calls, post } = clientOf(() => null);
  calls.open(post);
  await assert.rejects(db.set("a", "1", { deadline_ms: 5 }), errors.OutcomeUnknownError);
  const next = db.get("a");
  assert.equal(sent.length, 1, "the worker still has the first one");
  calls.receive(JSON.stringify({ id: sent[0].id, version: 1, value: null }));
  assert.equal(sent.length, 2);
  calls.receive(JSON.stringify({ id: sent[1].id, version: 1, value: { $bytes: "MQ==" } }));
  assert.deepEqual(await next, text("1"));
});

test("a read whose time is up while it runs has changed nothing", async () => {
  const { db, calls, post } = clientOf(() => null);
  calls.open(post);
  await assert.rejects(db.get("a", { deadline_ms: 5 }), errors.DeadlineError);
  const { db: other, calls: more, post: again } = clientOf(() => null);
  more.open(again);
  const aborting = new AbortController();
  const { signal } = aborting;
  const reading = other.get("a", { signal });
  aborting.abort();
  await assert.rejects(reading, { name: "AbortError" });
  await assert.rejects(other.set("a", "1", { signal }), { name: "AbortError" }, "aborted already");
});

test("what is drained is done, and later calls are refused", async () => {
  const { db, sent, calls, post } = clientOf(() => ({ version: 1, value: null }));
  const before = [db.set("a", "1"), db.get("a")];
  const drained = calls.drain(new errors.UsageError("closed"));
  await assert.rejects(db.get("b"), /closed/);
  calls.open(post);
  await Promise.all([...before, drained]);
  assert.deepEqual(
    sent.map(({ call }) => call),
    ["set", "get", "sync"],
  );
});

test("a server is told how much time is left", async () => {
  const { db, sent, calls, post } = clientOf(() => ({ version: 1, value: null }), 1000);
  const waiting = [db.get("a"), db.get("b", { deadline_ms: null })];
  calls.open(post);
  await Promise.all(waiting);
  assert.ok(sent[0].deadline_ms > 0 && sent[0].deadline_ms <= 1000);
  assert.equal(sent[1].deadline_ms, null);
  for (const deadline_ms of [0, -1, "5", NaN]) {
    await assert.rejects(async () => db.get("a", { deadline_ms }), errors.UsageError);
  }
});

test("when the server is gone every call rejects, and a new one answers the later calls", async () => {
  const { db, sent, calls, post } = clientOf(() => null);
  calls.open(post);
  const [write, waiting] = [db.set("a", "1"), db.set("b", "1")];
  calls.stop(new errors.WorkerError("it is gone"));
  await assert.rejects(
    write,
    (error) => error.code === "outcome_unknown" && error.cause.code === "worker",
  );
  await assert.rejects(waiting, errors.WorkerError);
  await assert.rejects(db.get("a"), errors.WorkerError);
  calls.expect();
  const later = db.get("a");
  const client = sent[0].client;
  calls.open(post);
  calls.receive(JSON.stringify({ id: sent[1].id, version: 7, value: null }));
  assert.equal(await later, null);
  assert.notEqual(sent[1].client, client, "it is another client");
});
