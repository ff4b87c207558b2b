/** The worker of a start: it is told what to start, and says when a value was stored and read. */

const PYODIDE = "/pyodide/pyodide.mjs";

/** @type {Record<string, () => Promise<void>>} */
const starts = {
  async pyodide() {
    const { loadPyodide } = await import(PYODIDE);
    await loadPyodide();
  },

  async sqlite() {
    const { default: init } = await import("/sqlite-wasm/index.mjs");
    const sqlite3 = await /** @type {any} */ (init)();
    const pool = await sqlite3.installOpfsSAHPoolVfs({ name: "start" });
    const db = new pool.OpfsSAHPoolDb("/start.sqlite");
    db.exec("CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT)");
    db.exec("INSERT OR REPLACE INTO entries VALUES ('key', 'value')");
    db.selectValue("SELECT value FROM entries WHERE key = 'key'");
  },

  async pglite() {
    // @ts-expect-error -- it is there only when a measurement has fetched it
    const { PGlite } = await import("/pglite/index.js");
    // @ts-expect-error -- the same
    const { OpfsAhpFS } = await import("/pglite/fs/opfs-ahp.js");
    const db = await PGlite.create({ fs: new OpfsAhpFS("start") });
    await db.exec("CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT)");
    await db.exec("INSERT INTO entries VALUES ('key', 'value') ON CONFLICT DO NOTHING");
    await db.query("SELECT value FROM entries WHERE key = 'key'");
  },
};

self.onmessage = async ({ data }) => {
  try {
    await starts[data]();
    self.postMessage(null);
  } catch (error) {
    self.postMessage(String(error));
  }
};
