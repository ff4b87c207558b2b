/**
 * Experimental: Python as it was after importing libredb, kept by the browser for the next start.
 *
 * It is the memory of WebAssembly, made at the first start and kept in Cache Storage, one for each
 * place of Pyodide: 31 MB, which count as the site's. Pyodide has no public interface for it:
 * `_makeSnapshot`, `_loadSnapshot` and `makeMemorySnapshot` may change with any release, and what is
 * kept is used only with the very build of Pyodide, wheel and worker that made it. Whatever fails,
 * the start is an ordinary one, and the progress says why.
 *
 * Everybody who starts from a snapshot has the same seed of hashes; `random` is seeded anew.
 * Absent on purpose: a snapshot that a server sends, which is 6 MB more at the first visit.
 */

const CACHE = "libredb-snapshot";
const DIGEST = "libredb-digest";

const SEED = `import sys
if "random" in sys.modules:
    sys.modules["random"].seed()
`;

/**
 * @typedef {(options: object) => Promise<any>} LoadPyodide
 * @typedef {(pyodide: any) => void | Promise<void>} Prepare  adds the wheel, and imports libredb
 * @typedef {{pyodide: any, note: string}} Started
 */

/**
 * Start Pyodide from what is kept, or keep what it is like when `prepare` is done.
 * @param {LoadPyodide} loadPyodide
 * @param {string} url  where Pyodide is
 * @param {string} digest  of all that `prepare` depends on
 * @param {Prepare} prepare
 * @returns {Promise<Started>}
 */
export async function startFromSnapshot(loadPyodide, url, digest, prepare) {
  let why = "there is none";
  try {
    const kept = await find(url, digest);
    if (kept) return { pyodide: await woken(loadPyodide, kept), note: "started from a snapshot" };
  } catch (error) {
    why = `what is kept does not fit: ${error}`;
  }
  try {
    const pyodide = await loadPyodide({ _makeSnapshot: true });
    await prepare(pyodide);
    const made = pyodide.makeMemorySnapshot();
    await keep(url, digest, made);
    const woke = await woken(loadPyodide, made); // what made it has proxies in the place of globals
    return { pyodide: woke, note: `made a snapshot of ${made.length} bytes: ${why}` };
  } catch (error) {
    const pyodide = await loadPyodide({});
    await prepare(pyodide);
    return { pyodide, note: `no snapshot: ${why}, and none can be made: ${error}` };
  }
}

/**
 * @param {LoadPyodide} loadPyodide
 * @param {Uint8Array} snapshot
 */
async function woken(loadPyodide, snapshot) {
  const pyodide = await loadPyodide({ _loadSnapshot: snapshot });
  pyodide.runPython(SEED);
  return pyodide;
}

/**
 * Return a digest of bytes and of a text.
 * @param {ArrayBuffer} bytes
 * @param {string} text
 */
export async function digestOf(bytes, text) {
  const all = await new Blob([bytes, text]).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} url @param {string} digest */
async function find(url, digest) {
  const found = await (await caches.open(CACHE)).match(url);
  if (!found) return null;
  if (found.headers.get(DIGEST) !== digest) throw new Error("it is of another wheel or worker");
  return new Uint8Array(await found.arrayBuffer());
}

/** @param {string} url @param {string} digest @param {Uint8Array<ArrayBuffer>} snapshot */
async function keep(url, digest, snapshot) {
  const cache = await caches.open(CACHE);
  await cache.put(url, new Response(snapshot, { headers: { [DIGEST]: digest } }));
}
