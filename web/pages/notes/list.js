/**
 * The list: what is searched for, newest first and page by page, and what can be done to each note.
 *
 * A note that is edited or deleted changes in its place, so that whoever works with the keyboard
 * stays where they are; what is being edited stays whatever is read anew, and what was deleted can be
 * put back.
 */

import { button, made, part, say, trying } from "../page.js";

/**
 * Show the list.
 * @param {import("./database.js").Notes} notes
 * @param {() => unknown} onChange  called after each change
 */
export async function showList(notes, onChange) {
  const list = part("notes", HTMLUListElement);
  const words = part("words", HTMLInputElement);
  const text = part("text", HTMLTextAreaElement);
  const more = part("more", HTMLButtonElement);
  /** The notes that are being edited, by their ids. @type {Map<string, HTMLElement>} */
  const edited = new Map();
  let next = "";
  let count = 0;
  let asked = 0;

  async function refresh() {
    const mine = ++asked;
    const found = await notes.find(words.value);
    if (mine === asked) list.replaceChildren(...shown(found));
  }

  async function showMore() {
    const mine = ++asked;
    const found = await notes.find(words.value, next);
    if (mine !== asked) return;
    const items = shown(found);
    list.append(...items);
    items[0]?.querySelector("button")?.focus();
  }

  /** @param {{rows: import("./database.js").Note[], next: any, count: number}} found */
  function shown(found) {
    next = found.next;
    more.hidden = next === null;
    tell(found.count);
    return found.rows.map((note) => edited.get(note.id) ?? itemOf(note));
  }

  /** @param {number} now  how many there are */
  function tell(now) {
    count = now;
    part("count", HTMLElement).textContent = counted(count, words.value);
  }

  /** @param {import("./database.js").Note} note */
  function itemOf(note) {
    const item = made("li", { className: "note panel" });
    show(item, note);
    return item;
  }

  /**
   * @param {HTMLElement} item
   * @param {import("./database.js").Note} note
   */
  function show(item, note) {
    const begin = note.text.slice(0, 40);
    item.replaceChildren(
      made("p", { className: "text" }, note.text),
      made(
        "div",
        { className: "buttons" },
        timeOf(note.at),
        button("Edit", () => edit(item, note), { ariaLabel: `Edit: ${begin}` }),
        button("Delete", () => remove(item, note), { ariaLabel: `Delete: ${begin}` }),
      ),
    );
  }

  /**
   * @param {HTMLElement} item
   * @param {import("./database.js").Note} note
   */
  function edit(item, note) {
    const area = made("textarea", { value: note.text, rows: 4, ariaLabel: "Text of the note" });
    const leave = () => {
      edited.delete(note.id);
      show(item, note);
      item.querySelector("button")?.focus();
    };
    const keep = async () => {
      if (await notes.edit(note.id, area.value)) note = { ...note, text: area.value };
      leave();
      onChange();
    };
    const form = made("form", { onsubmit: onSubmit(keep) });
    const buttons = made("div", { className: "buttons" });
    buttons.append(made("button", { className: "first" }, "Keep"), button("Cancel", leave));
    form.append(area, buttons);
    form.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") leave();
    });
    submitOnCtrlEnter(area, form);
    edited.set(note.id, item);
    item.replaceChildren(form);
    area.focus();
  }

  /**
   * @param {HTMLElement} item
   * @param {import("./database.js").Note} note
   */
  async function remove(item, note) {
    await notes.remove(note.id);
    const putBack = button("Put it back", async () => {
      await notes.putBack(note);
      say();
      await refresh();
      text.focus();
      onChange();
    });
    item.remove();
    tell(count - 1);
    say("Deleted. ", putBack);
    putBack.focus();
    onChange();
  }

  const add = onSubmit(async () => {
    await notes.add(text.value);
    text.value = "";
    words.value = "";
    say();
    await refresh();
    onChange();
  });
  const form = part("add", HTMLFormElement);
  form.addEventListener("submit", add);
  submitOnCtrlEnter(text, form);
  part("search", HTMLFormElement).addEventListener("submit", onSubmit(refresh));
  words.addEventListener("input", trying(refresh));
  more.addEventListener("click", trying(showMore));
  await refresh();
  return { refresh };
}

/** @param {() => unknown} work */
function onSubmit(work) {
  return trying((/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    return work();
  });
}

/**
 * @param {HTMLTextAreaElement} area
 * @param {HTMLFormElement} form
 */
function submitOnCtrlEnter(area, form) {
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

/** @param {number} at */
function timeOf(at) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return made("time", {}); // a note of another app
  const text = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  return made("time", { dateTime: date.toISOString() }, text);
}

/**
 * @param {number} count
 * @param {string} words
 */
function counted(count, words) {
  const notes = count === 1 ? "1 note" : `${count} notes`;
  if (words) return `${notes} with ${words}`;
  return count ? `${notes}, newest first` : "No notes yet.";
}
