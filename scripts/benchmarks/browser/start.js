/**
 * Starts, as a page sees them: from nothing until one value is stored and read again.
 *
 * `start(name, client, more)` does one, and returns milliseconds: of all of it, and until each step
 * of libredb. What was loaded before is in the browser's cache, or not: that is the host's affair.
 * Everybody but Dexie has a worker of its own.
 */

/** @typedef {Record<string, number>} Moments */

const MODULE = `
from time import perf_counter
from libredb.remote import register

@register
def gets(db, times):
    started = perf_counter()
    for _ in range(times):
        db.get(b"key")
    return (perf_counter() - started) * 1000 / times
`;

/**
 * Connect as a page does.
 * @param {string} client  URL of client.js
 * @param {object} more  options of `connect`
 * @returns {Promise<Moments>}
 */
async function libredb(client, more) {
  const begun = performance.now();
  const { connect } = await import(client);
  /** @type {Moments} */
  const moments = {};
  const onProgress = (/** @type {{step: string, ms: number}} */ { step, ms }) => {
    moments[step] = ms;
  };
  const db = await connect({ name: "start", onProgress, ...more });
  await db.set("key", "value");
  await db.get("key");
  moments.all = performance.now() - begun;
  const fetched = await fetchedInWorker();
  await db.close();
  return { ...fetched, ...moments };
}

/** Ask timed_worker.js how long files took to come; an older libredb has another worker. */
function fetchedInWorker() {
  const channel = new BroadcastChannel("start");
  return new Promise((resolve) => {
    channel.onmessage = ({ data }) => resolve(data);
    channel.postMessage("fetched");
    setTimeout(() => resolve({}), 1000);
  }).finally(() => channel.close());
}

/**
 * Get a value through the client so many times, and as often in the worker itself.
 * @param {string} client
 * @param {object} more
 * @param {number} times
 * @returns {Promise<Moments>}  milliseconds of one
 */
export async function gets(client, more, times) {
  const { connect } = await import(client);
  const db = await connect({ name: "calls", module: { text: MODULE }, ...more });
  await db.set("key", "value");
  const begun = performance.now();
  for (let number = 0; number < times; number++) await db.get("key");
  const through = (performance.now() - begun) / times;
  const within = await db.call("gets", times);
  await db.close();
  return { through, within };
}

/** @returns {Promise<Moments>} */
async function dexie() {
  const begun = performance.now();
  // @ts-expect-error -- it is there only when a measurement has fetched it
  const { default: Dexie } = await import("/dexie/dexie.mjs");
  const db = new Dexie("start");
  db.version(1).stores({ entries: "" });
  await db.table("entries").put("value", "key");
  await db.table("entries").get("key");
  const all = performance.now() - begun;
  db.close();
  return { all };
}

/**
 * Let a worker start something.
 * @param {string} name
 * @returns {Promise<Moments>}
 */
function inWorker(name) {
  const begun = performance.now();
  const worker = new Worker("/benchmarks/start_worker.js", { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }) => {
      if (data) reject(new Error(data));
      else resolve({ all: performance.now() - begun });
      worker.terminate();
    };
    worker.postMessage(name);
  });
}

/** @type {(name: string, client: string, more: object) => Promise<Moments>} */
export async function start(name, client, more) {
  if (name === "libredb") return libredb(client, more);
  return name === "dexie" ? dexie() : inWorker(name);
}
