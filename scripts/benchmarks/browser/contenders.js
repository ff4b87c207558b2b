/**
 * What libredb is measured against in a browser: SQLite, IndexedDB, and writing without a database.
 *
 * Each has `prepare(count)`, once, and `round(workload, times)`, which returns the seconds of one
 * operation. Every commit is durable before the next one begins, as far as the browser makes
 * anything durable. Keys have 16 random bytes, values 100. What is put was made before the clock
 * starts. A workload that a contender does not have is an error: the rows name only those it has.
 */

import sqlite3InitModule from "/sqlite-wasm/index.mjs";

/** @typedef {[Uint8Array, Uint8Array]} Entry */

const KEY_BYTES = 16;
const VALUE_BYTES = 100;
const ENTRY_BYTES = KEY_BYTES + VALUE_BYTES;
/** What one entry takes in the log of libredb. */
const RECORD_BYTES = 24 + 9 + ENTRY_BYTES;
/** How much libredb writes zeros ahead of its log in a browser. */
const ROOM_BYTES = 1 << 18;

/** @type {(count: number) => Entry[]} */
function newEntries(count) {
  return Array.from({ length: count }, () => {
    const bytes = crypto.getRandomValues(new Uint8Array(ENTRY_BYTES));
    return [bytes.slice(0, KEY_BYTES), bytes.slice(KEY_BYTES)];
  });
}

/** @type {<T>(things: T[], count: number) => T[]} */
function choices(things, count) {
  return Array.from({ length: count }, () => things[Math.floor(Math.random() * things.length)]);
}

/** @type {(work: () => unknown, times: number) => Promise<number>} */
async function timed(work, times) {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000 / times;
}

/** A file, written and flushed; with room, over zeros that were put there before. */
class Raw {
  /** @type {any} */
  #handle;
  #end = 0;
  #filled = 0;

  /** @param {number} room */
  constructor(room) {
    this.room = room;
  }

  async prepare() {
    const root = await navigator.storage.getDirectory();
    const file = await root.getFileHandle(`raw-${this.room}`, { create: true });
    this.#handle = await /** @type {any} */ (file).createSyncAccessHandle();
    this.#handle.truncate(0);
  }

  /** @type {(workload: string, times: number) => Promise<number>} */
  round(workload, times) {
    if (workload !== "put-1") throw new Error(`no such workload: ${workload}`);
    const records = Array.from({ length: times }, () =>
      crypto.getRandomValues(new Uint8Array(RECORD_BYTES)),
    );
    return timed(() => {
      for (const record of records) this.#append(record);
    }, times);
  }

  /** @param {Uint8Array} record */
  #append(record) {
    if (this.room > 0 && this.#end + record.length > this.#filled) {
      this.#filled += this.#handle.write(new Uint8Array(this.room), { at: this.#filled });
    }
    this.#handle.write(record, { at: this.#end });
    this.#handle.flush();
    this.#end += record.length;
  }
}

/** IndexedDB, each transaction with the durability "strict". */
class IndexedDb {
  /** @type {any} */
  #db;

  async prepare() {
    const request = indexedDB.open("benchmark", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("entries");
    await new Promise((resolve, reject) => {
      request.onsuccess = resolve;
      request.onerror = () => reject(request.error);
    });
    this.#db = request.result;
  }

  /** @type {(workload: string, times: number) => Promise<number>} */
  round(workload, times) {
    const together = putsTogether(workload);
    const commits = Array.from({ length: times }, () => newEntries(together));
    return timed(async () => {
      for (const entries of commits) await this.#commit(entries);
    }, times);
  }

  /** @param {Entry[]} entries */
  #commit(entries) {
    return new Promise((resolve, reject) => {
      const tx = this.#db.transaction("entries", "readwrite", { durability: "strict" });
      const store = tx.objectStore("entries");
      for (const [key, value] of entries) store.put(value, key);
      tx.oncomplete = resolve;
      tx.onerror = () => reject(tx.error);
    });
  }
}

/** sqlite-wasm in its pool of OPFS files: WAL, synchronous=FULL, statements prepared once. */
class Sqlite {
  /** @type {any} */
  #pool;
  /** @type {any} */
  #db;
  /** @type {any} */
  #statements;
  /** @type {Uint8Array[]} */
  #keys = [];

  /** @param {number} count */
  async prepare(count) {
    const sqlite3 = await /** @type {any} */ (sqlite3InitModule)();
    this.#pool = await sqlite3.installOpfsSAHPoolVfs({ name: "benchmark" });
    this.#open();
    this.#db.exec("CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID");
    this.#db.exec("CREATE TABLE news (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID");
    this.#prepareStatements();
    const entries = newEntries(count);
    this.#db.exec("BEGIN");
    for (const entry of entries) this.#statements.load.bind(entry).stepReset();
    this.#db.exec("COMMIT");
    this.#keys = entries.map(([key]) => key);
  }

  #open() {
    this.#db = new this.#pool.OpfsSAHPoolDb("/benchmark.sqlite");
    this.#db.exec("PRAGMA locking_mode=exclusive"); // before WAL, which has no shared memory here
    const mode = this.#db.selectValue("PRAGMA journal_mode=wal");
    if (mode !== "wal") throw new Error(`sqlite-wasm is in the mode ${mode}`);
    this.#db.exec("PRAGMA synchronous=FULL");
  }

  #prepareStatements() {
    const prepare = (/** @type {string} */ text) => this.#db.prepare(text);
    this.#statements = {
      load: prepare("INSERT INTO entries VALUES (?, ?)"),
      put: prepare("INSERT OR REPLACE INTO news VALUES (?, ?)"),
      get: prepare("SELECT value FROM entries WHERE key = ?"),
      scan: prepare("SELECT key, value FROM entries WHERE key >= ? ORDER BY key LIMIT 100"),
    };
  }

  /** @type {(workload: string, times: number) => Promise<number>} */
  round(workload, times) {
    const keys = choices(this.#keys, times);
    switch (workload) {
      case "get":
        return timed(() => this.#get(keys), times);
      case "get-within":
        return timed(() => this.#within(() => this.#get(keys)), times);
      case "scan-100":
        return timed(() => this.#scan(keys), times);
      case "open":
        return this.#reopen(times);
    }
    const together = putsTogether(workload);
    const commits = Array.from({ length: times }, () => newEntries(together));
    return timed(() => this.#put(commits), times);
  }

  /** @param {Entry[][]} commits */
  #put(commits) {
    const { put } = this.#statements;
    for (const entries of commits) {
      if (entries.length === 1) put.bind(entries[0]).stepReset();
      else
        this.#within(() => {
          for (const entry of entries) put.bind(entry).stepReset();
        });
    }
  }

  /** @param {Uint8Array[]} keys */
  #get(keys) {
    const { get } = this.#statements;
    for (const key of keys) {
      get.bind(1, key);
      if (!get.step()) throw new Error("a key is missing");
      get.getBlob(0);
      get.reset();
    }
  }

  /** @param {Uint8Array[]} starts */
  #scan(starts) {
    const { scan } = this.#statements;
    for (const start of starts) {
      const found = [];
      scan.bind(1, start);
      while (scan.step()) found.push([scan.getBlob(0), scan.getBlob(1)]);
      scan.reset();
    }
  }

  /** @param {() => void} work */
  #within(work) {
    this.#db.exec("BEGIN");
    work();
    this.#db.exec("COMMIT");
  }

  /**
   * Open the database and read all of it into a Map, as a page does that wants to be quick later.
   * @param {number} times
   */
  async #reopen(times) {
    let seconds = 0;
    for (let number = 0; number < times; number++) {
      for (const statement of Object.values(this.#statements)) statement.finalize();
      this.#db.close();
      seconds += await timed(() => {
        this.#open();
        const everything = new Map();
        const all = this.#db.prepare("SELECT key, value FROM entries ORDER BY key");
        while (all.step()) everything.set(String.fromCharCode(...all.getBlob(0)), all.getBlob(1));
        all.finalize();
      }, times);
      this.#prepareStatements();
    }
    return seconds;
  }
}

/** @type {(workload: string) => number} */
function putsTogether(workload) {
  const [word, count] = workload.split("-");
  if (word !== "put") throw new Error(`no such workload: ${workload}`);
  return Number(count);
}

/** @type {Record<string, any>} */
const contenders = {
  sqlite: new Sqlite(),
  indexeddb: new IndexedDb(),
  raw: new Raw(0),
  "raw in room": new Raw(ROOM_BYTES),
};

/** @type {(name: string, count: number) => Promise<void>} */
export async function prepare(name, count) {
  await contenders[name].prepare(count);
}

/** @type {(name: string, workload: string, times: number) => Promise<number>} */
export async function round(name, workload, times) {
  return contenders[name].round(workload, times);
}
