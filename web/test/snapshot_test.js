/** Claim: whatever becomes of a snapshot, Python starts, and the note says what it was. */

import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { digestOf, startFromSnapshot } from "../src/snapshot.js";

const URL = "http://127.0.0.1/pyodide.mjs";
const MADE = new Uint8Array([1, 2, 3]);

/** What is kept, by its URL; a stand-in for Cache Storage. */
let kept = new Map();
/** What was asked of Pyodide, in order. */
let asked = [];

beforeEach(() => {
  kept = new Map();
  asked = [];
  globalThis.caches = { open: async () => storageOf(kept) };
});

function storageOf(responses) {
  return {
    match: async (url) => responses.get(url)?.clone(),
    put: async (url, response) => responses.set(url, response),
  };
}

/** A Pyodide that says what was done with it; `failing` is an option that it refuses. */
function loaderOf(failing) {
  return async (options) => {
    const [option = "nothing"] = Object.keys(options);
    asked.push(option);
    if (option === failing) throw new Error(`no ${option}`);
    return {
      runPython: (text) => asked.push(text.includes("seed()") ? "seed" : text),
      makeMemorySnapshot: () => MADE,
    };
  };
}

const started = (failing, digest = "a") =>
  startFromSnapshot(loaderOf(failing), URL, digest, () => void asked.push("prepare"));

test("the first start makes a snapshot and begins with it, the next one has it", async () => {
  assert.equal((await started()).note, "made a snapshot of 3 bytes: there is none");
  assert.deepEqual(asked.splice(0), ["_makeSnapshot", "prepare", "_loadSnapshot", "seed"]);
  assert.equal((await started()).note, "started from a snapshot");
  assert.deepEqual(asked, ["_loadSnapshot", "seed"]);
});

test("one of another wheel or another build of Pyodide is made anew", async () => {
  await started();
  const { note } = await started("none", "b");
  assert.match(note, /^made .*: what is kept does not fit: Error: it is of another wheel/);
  assert.equal((await started("none", "b")).note, "started from a snapshot");
  asked = [];
  assert.match(
    (await started("_loadSnapshot", "b")).note,
    /^no snapshot: what is kept .* no _load/,
  );
  const tries = ["_loadSnapshot", "_makeSnapshot", "prepare", "_loadSnapshot"];
  assert.deepEqual(asked, [...tries, "nothing", "prepare"]);
});

test("where none can be made or kept, the start is an ordinary one", async () => {
  const ordinary = ["nothing", "prepare"];
  assert.match((await started("_makeSnapshot")).note, /^no snapshot: there is none, .* no _make/);
  assert.deepEqual(asked.splice(0), ["_makeSnapshot", ...ordinary]);
  globalThis.caches = {
    open: async () => ({ match: async () => undefined, put: () => Promise.reject("no room") }),
  };
  assert.match((await started()).note, /none can be made: no room$/);
  assert.deepEqual(asked, ["_makeSnapshot", "prepare", ...ordinary]);
});

test("a digest is one of all that goes in", async () => {
  const bytes = new Uint8Array([1]).buffer;
  const digest = await digestOf(bytes, "a");
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.equal(await digestOf(bytes, "a"), digest);
  assert.notEqual(await digestOf(bytes, "b"), digest);
});
