/** The worker of a start: it is told what to start, and says when a value was stored and read. */

const PYODIDE = "/pyodide/pyodide.mjs";

/** How long files took to come, by their names, in milliseconds. */
function fetched() {
  const entries = /** @type {PerformanceResourceTiming[]} */ (
    performance.getEntriesByType("resource")
  );
  return Object.fromEntries(
    entries.map(({ name, duration }) => [new URL(name).pathname.split("/").at(-1), duration]),
  );
}

/** @type {Record<string, () => Promise<object>>} */
const starts = {
  async pyodide() {
    const { loadPyodide } = await import(PYODIDE);
    await loadPyodide();
    return fetched();
  },

  async sqlite() {
    const { default: init } = await import("/sqlite-wasm/index.mjs");
    const sqlite3 = await /** @type {any} */ (init)();
    const pool = await sqlite3.installOpfsSAHPoolVfs({ name: "start" });
    const db = new pool.OpfsSAHPoolDb("/start.sqlite");
    db.exec("CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB)");
    db.exec("INSERT OR REPLACE INTO entries VALUES ('key', 'value')");
    db.selectValue("SELECT value FROM entries WHERE key = 'key'");
    db.close();
    return {};
  },

  async pglite() {
    // @ts-expect-error -- it is there only when a measurement has fetched it
    const { PGlite } = await import("/pglite/index.js");
    const db = await PGlite.create("opfs-ahp://start");
    await db.exec("CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT)");
    await db.exec("INSERT INTO entries VALUES ('key', 'value') ON CONFLICT DO NOTHING");
    await db.query("SELECT value FROM entries WHERE key = 'key'");
    await db.close();
    return {};
  },
};

self.onmessage = async ({ data }) => {
  try {
    self.postMessage(await starts[data]());
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
