/**
 * What the browser keeps of the notes: how much room they take, whether they may be evicted, backups.
 */

import { asked, part, say, sizeText, trying } from "../page.js";

/**
 * Show the storage.
 * @param {import("../../client/client.js").Client} db
 * @param {() => unknown} onRestore  called when other notes are there
 */
export async function showStorage(db, onRestore) {
  const file = part("file", HTMLInputElement);

  async function refresh() {
    const { log_bytes, compaction_due } = await db.stats();
    const { usage_bytes, quota_bytes, persistent } = await db.storage();
    part("own", HTMLElement).textContent = sizeText(log_bytes);
    part("used", HTMLElement).textContent = sizeText(usage_bytes);
    part("allowed", HTMLElement).textContent = sizeText(quota_bytes);
    part("persistent", HTMLElement).textContent = persistent ? "it is kept" : "it may be deleted";
    part("persist", HTMLElement).hidden = persistent;
    part("compact", HTMLElement).hidden = !compaction_due;
  }

  async function persist() {
    const isKept = await db.requestPersistence();
    say(isKept ? "The browser keeps it." : "The browser did not agree. Keep a backup elsewhere.");
    await refresh();
  }

  async function compact() {
    say("Making it smaller ...");
    const { bytes_before, bytes_after } = await db.compact();
    say(`${sizeText(bytes_before)} before, ${sizeText(bytes_after)} now.`);
    await refresh();
  }

  async function backup() {
    const url = URL.createObjectURL(await db.backup());
    const link = document.createElement("a");
    link.href = url;
    link.download = `notes-${new Date().toISOString().slice(0, 10)}.libredb`;
    link.click();
    URL.revokeObjectURL(url);
    say(`Backed up as ${link.download}.`);
  }

  async function restore() {
    const [chosen] = file.files ?? [];
    file.value = ""; // so that the same one can be chosen again
    if (!chosen) return;
    const title = "Restore this backup?";
    const text = `${chosen.name} takes the place of all notes that are here now.`;
    if (!(await asked(title, text, "Replace all notes"))) return;
    await db.restore(chosen);
    await onRestore();
    say(`Restored from ${chosen.name}.`);
    await refresh();
  }

  part("persist", HTMLElement).addEventListener("click", trying(persist));
  part("compact", HTMLElement).addEventListener("click", trying(compact));
  part("backup", HTMLElement).addEventListener("click", trying(backup));
  part("restore", HTMLElement).addEventListener("click", () => file.click());
  file.addEventListener("change", trying(restore));
  await refresh();
  return { refresh };
}
