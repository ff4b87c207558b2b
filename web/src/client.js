/**
 * A database for a page: `const db = await connect({ name: "app", pyodide: "/pyodide/pyodide.mjs" })`.
 *
 * It starts a worker, which has the database and Python; every call is a message and a promise. The
 * worker ends with the page (`pagehide`), because a page in the back-forward cache would keep the
 * files; when the page comes back, another one is started, and the client goes on.
 * Absent on purpose: several tabs at once. One has the database; the next one is told so, or waits.
 */

import { Calls } from "./calls.js";
import { Documents } from "./documents.js";
import { StorageError, UsageError } from "./errors.js";
import { KV } from "./kv.js";
import { checkedOptions } from "./options.js";
import { Pages } from "./pages.js";
import { bytesOf } from "./protocol.js";
import { Running } from "./running.js";
import { Table } from "./table.js";

export * from "./errors.js";
export { newId } from "./ids.js";

/**
 * @typedef {import("./calls.js").CallOptions} CallOptions
 * @typedef {import("./options.js").Options} Options
 * @typedef {string | Uint8Array | ArrayBuffer} Bytes  text is UTF-8
 *
 * @typedef {{op: "set", key: Bytes, value: Bytes, expect?: Bytes | null}} SetOp
 * @typedef {{op: "delete", key: Bytes, expect?: Bytes | null}} DeleteOp
 * @typedef {{op: "check", key: Bytes, expect: Bytes | null}} CheckOp
 * @typedef {SetOp | DeleteOp | CheckOp} Op  `expect` is what the key has to be, null for absent
 *
 * @typedef {{start?: Bytes, end?: Bytes, prefix?: Bytes}} Range
 * @typedef {{usage_bytes: number, quota_bytes: number, persistent: boolean}} StorageReport
 */

/** How large the pieces are that a backup is put back in. */
const PIECE_BYTES = 1 << 20;

/**
 * Start a worker, open the database in it, and return a client.
 * @param {Options} options
 * @returns {Promise<Client>}
 */
export function connect(options) {
  const opening = opened(options);
  for (const name of Object.getOwnPropertyNames(Client.prototype)) {
    if (name in opening) continue;
    Object.defineProperty(opening, name, { get: forgottenAwait });
  }
  return opening;
}

/** @param {Options} options */
async function opened(options) {
  const checked = checkedOptions(options); // first: a context without files lacks more than that
  const calls = new Calls(options.deadline_ms === undefined ? 30_000 : options.deadline_ms);
  const running = new Running(checked, calls);
  await running.start();
  return new Client(running, calls);
}

/** @returns {never} */
function forgottenAwait() {
  throw new UsageError("connect() returns a promise: write `const db = await connect(...)`");
}

/** One open database. Made by `connect`. */
export class Client {
  #running;
  #calls;

  /**
   * @param {Running} running
   * @param {Calls} calls
   */
  constructor(running, calls) {
    this.#running = running;
    this.#calls = calls;
  }

  /** The name of the database. */
  get name() {
    return this.#running.name;
  }

  /** The last commit that an answer has seen. */
  get version() {
    return this.#calls.version;
  }

  // Raw keys, in the order of their bytes

  /** Return the value of a key, or null. @param {Bytes} key @param {CallOptions} [options] @returns {Promise<Uint8Array | null>} */
  async get(key, options) {
    return this.#ask("get", { key: bytesOf(key, "a key") }, options);
  }

  /** Return several values. @param {Bytes[]} keys @param {CallOptions} [options] @returns {Promise<(Uint8Array | null)[]>} */
  async getMany(keys, options) {
    return this.#ask("get_many", { keys: keys.map((key) => bytesOf(key, "a key")) }, options);
  }

  /** Return whether a key is there. @param {Bytes} key @param {CallOptions} [options] @returns {Promise<boolean>} */
  async has(key, options) {
    return this.#ask("has", { key: bytesOf(key, "a key") }, options);
  }

  /** Return how many keys are in a range, or at all. @param {Range & CallOptions} [options] @returns {Promise<number>} */
  async count(options = {}) {
    return this.#ask("count", rangeOf(options), options);
  }

  /**
   * Return the entries of a range, or all; those of lenses are behind the byte FE.
   * @param {Range & {reverse?: boolean, limit?: number, page?: number} & CallOptions} [options]
   * @returns {Pages<[Uint8Array, Uint8Array]>}
   */
  scan(options = {}) {
    const { reverse, limit, page } = options;
    const range = rangeOf(options);
    return new Pages(
      async (limit, after) => {
        const args = { ...range, reverse, limit, after: after ?? undefined };
        const { value, version } = await this.#calls.answer("scan", args, options);
        return { rows: value.entries, next: value.next, version };
      },
      { limit, page },
    );
  }

  /** Set a key. @param {Bytes} key @param {Bytes} value @param {CallOptions} [options] @returns {Promise<void>} */
  async set(key, value, options) {
    const args = { key: bytesOf(key, "a key"), value: bytesOf(value, "a value") };
    await this.#ask("set", args, options);
  }

  /** Delete a key; return whether it was there. @param {Bytes} key @param {CallOptions} [options] @returns {Promise<boolean>} */
  async delete(key, options) {
    return this.#ask("delete", { key: bytesOf(key, "a key") }, options);
  }

  /** Delete a range; return how many keys. @param {Range & CallOptions} range @returns {Promise<number>} */
  async deleteRange(range) {
    return this.#ask("delete_range", rangeOf(range), range);
  }

  /**
   * Do all ops in their order, or none; return of each delete whether the key was there.
   * @param {Op[]} ops
   * @param {CallOptions} [options]
   * @returns {Promise<(boolean | null)[]>}
   */
  async transact(ops, options) {
    return this.#ask("transact", { ops: ops.map(opOf) }, options);
  }

  // Lenses

  /** Return a dict of text keys. @param {string} namespace @param {{values?: "json" | "str" | "bytes"}} [options] */
  kv(namespace, options) {
    return new KV(this.#calls, named(namespace), options ?? {});
  }

  /** Return documents. @param {string} namespace @param {{ids?: "text" | "counter"}} [options] */
  documents(namespace, options) {
    return new Documents(this.#calls, named(namespace), options ?? {});
  }

  /** Return a table, which the schema of `connect` declares or Python has made. @param {string} namespace */
  table(namespace) {
    return new Table(this.#calls, named(namespace));
  }

  /** Return the names of all namespaces. @param {CallOptions} [options] @returns {Promise<string[]>} */
  namespaces(options) {
    return this.#ask("catalog.names", {}, options);
  }

  /** Return what is recorded of a namespace. @param {string} namespace @param {CallOptions} [options] @returns {Promise<Record<string, any>>} */
  async describe(namespace, options) {
    return this.#ask("catalog.describe", { namespace: named(namespace) }, options);
  }

  /** Return what is wrong with the records of namespaces. @param {CallOptions} [options] @returns {Promise<string[]>} */
  check(options) {
    return this.#ask("catalog.check", {}, options);
  }

  /** Give a namespace another name. @param {string} namespace @param {string} name @param {CallOptions} [options] @returns {Promise<void>} */
  async rename(namespace, name, options) {
    await this.#ask("catalog.rename", { namespace: named(namespace), new_name: name }, options);
  }

  /** Delete a namespace with all that it keeps. @param {string} namespace @param {CallOptions} [options] @returns {Promise<number>} */
  async drop(namespace, options) {
    return this.#ask("catalog.drop", { namespace: named(namespace) }, options);
  }

  // Python

  /** Call a function that the module of the worker has registered. @param {string} name @param {...any} args @returns {Promise<any>} */
  call(name, ...args) {
    return this.callWith({}, name, ...args);
  }

  /** Do the same with a deadline or a signal. @param {CallOptions} options @param {string} name @param {...any} args @returns {Promise<any>} */
  callWith(options, name, ...args) {
    return this.#ask("call", { function: name, args }, options);
  }

  // The database as a whole

  /** Make every commit durable; each is when it returns, unless Python says otherwise. @param {CallOptions} [options] @returns {Promise<void>} */
  async sync(options) {
    await this.#ask("sync", {}, options);
  }

  /** Write what is live into a new file; takes room for both. @param {CallOptions} [options] @returns {Promise<Record<string, number>>} */
  compact(options) {
    return this.#ask("compact", {}, options);
  }

  /** Return what the database tells about itself. @param {CallOptions} [options] @returns {Promise<Record<string, any>>} */
  stats(options) {
    return this.#ask("stats", {}, options);
  }

  /** Return a backup: a file that Python opens as well. Options count for each piece. @param {CallOptions} [options] */
  async backup(options) {
    /** @type {BlobPart[]} */
    const pieces = [];
    for (let piece = 0; ; piece++) {
      const { bytes, more } = await this.#ask("backup", { piece }, options);
      if (!more) return new Blob(pieces, { type: "application/octet-stream" });
      pieces.push(bytes);
    }
  }

  /**
   * Put a backup in the place of all that is there, or change nothing.
   * @param {Blob | Uint8Array | ArrayBuffer} backup
   * @param {CallOptions} [options]  they count for each piece
   */
  async restore(backup, options) {
    const data = backup instanceof Blob ? backup : bytesOf(backup, "a backup");
    const blob = new Blob([/** @type {BlobPart} */ (data)]);
    const count = Math.max(1, Math.ceil(blob.size / PIECE_BYTES));
    for (let piece = 0; piece < count; piece++) {
      const part = blob.slice(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES);
      const bytes = await part.arrayBuffer();
      await this.#ask("restore", { piece, bytes, last: piece === count - 1 }, options);
    }
  }

  /**
   * Return how much this site uses and may use. Hints, both: Chromium says 10 GiB more than is used,
   * whatever is left, and gives a file that grows room for twice its size, or none.
   * @returns {Promise<StorageReport>}
   */
  async storage() {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    const persistent = await navigator.storage.persisted();
    return { usage_bytes: usage, quota_bytes: quota, persistent };
  }

  /** Ask the browser never to evict this site's data; return whether it agreed. @returns {Promise<boolean>} */
  requestPersistence() {
    return navigator.storage.persist();
  }

  /** Close the database and end the worker, after what was called before; twice is fine. */
  async close() {
    await this.#running.close();
  }

  /** Close, and remove the database with everything in it. */
  async destroy() {
    await this.close();
    await destroy(this.name);
  }

  /** End the worker at once, whatever it does; calls reject. For a worker that answers no more. */
  terminate() {
    this.#running.terminate("the client was terminated");
  }

  /**
   * @param {string} call
   * @param {Record<string, unknown>} args
   * @param {CallOptions} [options]
   */
  #ask(call, args, options) {
    return this.#calls.value(call, args, options);
  }
}

/**
 * Remove a database that nobody has open; fine if there is none.
 * @param {string} name
 */
export async function destroy(name) {
  const root = await navigator.storage.getDirectory();
  for (let pause = 10; ; pause *= 2) {
    try {
      const folder = await root.getDirectoryHandle("libredb");
      return await folder.removeEntry(name, { recursive: true });
    } catch (error) {
      const { name: kind } = /** @type {DOMException} */ (error);
      if (kind === "NotFoundError") return;
      if (kind !== "NoModificationAllowedError" || pause > 2000) {
        const message = `cannot remove ${name}: another tab or worker has it open; close it first`;
        throw new StorageError(message, {}, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, pause)); // of a worker that was ended
    }
  }
}

/** @param {Range} range */
function rangeOf(range) {
  if (!(range instanceof Object)) throw new UsageError("a range is an object: { prefix: 'note:' }");
  const { start, end, prefix } = range;
  return {
    start: start === undefined ? undefined : bytesOf(start, "start"),
    end: end === undefined ? undefined : bytesOf(end, "end"),
    prefix: prefix === undefined ? undefined : bytesOf(prefix, "prefix"),
  };
}

/** @param {Op} op */
function opOf(op) {
  const { key, value, expect, ...rest } = /** @type {Record<string, any>} */ (op);
  return {
    ...rest,
    key: bytesOf(key, "the key of an op"),
    value: value === undefined ? undefined : bytesOf(value, "the value of an op"),
    expect:
      expect === undefined || expect === null ? expect : bytesOf(expect, "what an op expects"),
  };
}

/** @param {unknown} namespace */
function named(namespace) {
  if (typeof namespace === "string" && namespace) return namespace;
  throw new UsageError(`the name of a namespace is text with something in it, not ${namespace}`);
}
