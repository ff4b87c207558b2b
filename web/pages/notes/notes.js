/** The notes: starts the database, and lets the list and the storage have it. */

import { keepPages } from "../keeping.js";
import { part } from "../page.js";
import { started } from "../starting.js";
import { openNotes } from "./database.js";
import { showList } from "./list.js";
import { showStorage } from "./storage.js";

const notes = await started(openNotes);
const list = await showList(notes, () => storage.refresh());
const storage = await showStorage(notes.db, list.refresh);
part("app", HTMLElement).hidden = false;
await keepPages();
