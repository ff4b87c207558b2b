/**
 * Starts, as a page sees them: from nothing until one value is stored and read again.
 *
 * `start(name, more)` does one, and returns the milliseconds since it began, at its end and at each
 * step. What was loaded before is in the browser's cache, or not: that is the host's affair. Everybody
 * but Dexie has a worker of its own, which start_worker.js is in.
 */

import { connect } from "/client/client.js";

const PYODIDE = "/pyodide/pyodide.mjs";

/** @typedef {Record<string, number>} Moments  milliseconds since the beginning, by name */

/**
 * Connect as a page does; each step is told when it begins.
 * @param {object} more  options of `connect`
 * @returns {Promise<Moments>}
 */
async function libredb(more) {
  const begun = performance.now();
  /** @type {Moments} */
  const moments = {};
  const onProgress = (/** @type {{step: string, ms: number}} */ { step, ms }) => {
    moments[step] = ms;
  };
  const db = await connect({ name: "start", pyodide: PYODIDE, onProgress, ...more });
  await db.set("key", "value");
  await db.get("key");
  moments.all = performance.now() - begun;
  await db.close();
  return moments;
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
      if (data.error) reject(new Error(data.error));
      else resolve({ ...data, all: performance.now() - begun });
      worker.terminate();
    };
    worker.postMessage(name);
  });
}

/** @type {(name: string, more: object) => Promise<Moments>} */
export async function start(name, more) {
  if (name === "libredb") return libredb(more);
  return name === "dexie" ? dexie() : inWorker(name);
}
