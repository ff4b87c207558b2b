/** All that the notes ask of libredb; what else is in this folder is about the page. */

import { connect } from "../../client/client.js";

/** @param {Partial<import("../../client/client.js").Options>} options */
export async function openNotes(options) {
  const db = await connect({
    name: "notes",
    pyodide: new URL("../../pyodide.mjs", import.meta.url),
    worker: new URL("../worker.js", import.meta.url),
    schema: { notes: { indexes: ["at", { fields: "text", words: true }] } },
    ...options,
  });
  const notes = db.documents("notes");
  return {
    db,
    add: (/** @type {string} */ text) => notes.insert({ text, at: Date.now() }),
    edit: (/** @type {string} */ id, /** @type {string} */ text) => notes.update(id, { text }),
    remove: (/** @type {string} */ id) => notes.delete(id),
    putBack: (/** @type {Note} */ note) => notes.put(note),

    /** Newest first; `after` is the `next` of the page before. @param {string} words @param {string} [after] */
    async find(words, after) {
      const filter = words ? { text: { $words: words } } : {};
      const page = notes.find(filter, { order_by: "-at", limit: 20, after }).page();
      return { ...(await page), count: await notes.count(filter) };
    },
  };
}

/**
 * @typedef {Record<string, any>} Note  its id, its text, and when it was written: at
 * @typedef {Awaited<ReturnType<typeof openNotes>>} Notes
 */
