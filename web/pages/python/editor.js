/**
 * A text area that is a small editor for Python, and stays one that the keyboard can leave.
 *
 *     Tab, Shift+Tab    indent the lines of the selection, or the other way round
 *     Enter             begins the next line where this one begins, and further in after a colon
 *     Ctrl+Enter        runs
 *     Esc               makes the next Tab leave, as it does everywhere else
 *
 * What it does can be undone, because it types instead of setting the value.
 */

const STEP = "    ";

/**
 * Make an editor of a text area.
 * @param {HTMLTextAreaElement} area
 * @param {() => unknown} onRun
 */
export function makeEditor(area, onRun) {
  let isLeaving = false;
  area.addEventListener("blur", () => {
    isLeaving = false;
  });
  area.addEventListener("keydown", (event) => {
    const isCommand = event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && isCommand) onRun();
    else if (event.key === "Enter" && !event.shiftKey) type(area, nextLine(area));
    else if (event.key === "Tab" && !isLeaving && !isCommand) indent(area, !event.shiftKey);
    else {
      if (event.key !== "Shift") isLeaving = event.key === "Escape";
      return;
    }
    event.preventDefault();
  });
}

/**
 * Put a whole program into it; this can be undone as well.
 * @param {HTMLTextAreaElement} area
 * @param {string} text
 */
export function replaceAll(area, text) {
  area.focus();
  area.select();
  type(area, text);
  area.setSelectionRange(0, 0);
  area.scrollTop = 0;
}

/**
 * Type a text in the place of the selection.
 * @param {HTMLTextAreaElement} area
 * @param {string} text
 */
function type(area, text) {
  const { selectionStart, selectionEnd } = area;
  const isTyped = text
    ? document.execCommand("insertText", false, text)
    : selectionStart === selectionEnd || document.execCommand("delete");
  if (isTyped) return;
  area.setRangeText(text, selectionStart, selectionEnd, "end"); // where typing is not to be had
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {HTMLTextAreaElement} area */
function nextLine({ value, selectionStart }) {
  const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
  const [spaces] = line.match(/^ */) ?? [""];
  return `\n${spaces}${line.trimEnd().endsWith(":") ? STEP : ""}`;
}

/**
 * @param {HTMLTextAreaElement} area
 * @param {boolean} isFurther
 */
function indent(area, isFurther) {
  const { value, selectionStart, selectionEnd } = area;
  if (isFurther && selectionStart === selectionEnd) return type(area, STEP);
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const lines = value.slice(start, selectionEnd).split("\n");
  const moved = lines.map((line) =>
    isFurther ? line && STEP + line : line.replace(/^ {1,4}/, ""),
  );
  area.setSelectionRange(start, selectionEnd);
  type(area, moved.join("\n"));
  const first = moved[0].length - lines[0].length;
  const all = moved.join("\n").length - (selectionEnd - start);
  area.setSelectionRange(Math.max(start, selectionStart + first), selectionEnd + all);
}
