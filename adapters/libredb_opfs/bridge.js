/**
 * The JavaScript side of libredb_opfs: two files of the origin private file system, opened once.
 *
 * Python and JavaScript share one staging area, a bytearray of Python's. A write is: Python copies
 * the bytes into it, then one call here hands them to the file; a read is the same backwards. No
 * call throws: each returns a number, and -1 means refused, and `refusal` says why. Offsets
 * are always given, and the count that the browser claims is passed on as it is, because browsers
 * have been seen to return a wrong one when the quota was exhausted; Python compares it.
 *
 * A view of Python's memory is dead once that memory has grown, so it is looked at on every use.
 */

/**
 * @typedef {object} AccessHandle  what `createSyncAccessHandle` returns, in a dedicated worker only
 * @property {() => number} getSize
 * @property {(target: Uint8Array, options: {at: number}) => number} read
 * @property {(source: Uint8Array, options: {at: number}) => number} write
 * @property {() => void} flush
 * @property {(length: number) => void} truncate
 * @property {() => void} close
 *
 * @typedef {{data: Uint8Array, release: () => void}} BufferView
 * @typedef {{getBuffer: (type: string) => BufferView, copy: () => PyBuffer, destroy: () => void}}
 *   PyBuffer  Pyodide's proxy of a bytearray
 * @typedef {FileSystemFileHandle & {createSyncAccessHandle?: () => Promise<AccessHandle>}} SlotFile
 */

const FOLDER = "libredb";
const SLOTS = ["slot-0", "slot-1"];
const LOCKED = "NoModificationAllowedError";

/** The longest pause between two attempts to take a handle that somebody still has. */
const LONGEST_PAUSE_MS = 200;

/** The files of one database. */
class Slots {
  /** @type {AccessHandle[]} */
  #handles;
  /** @type {PyBuffer} */
  #staging;
  /** @type {BufferView} */
  #view;

  #refusal = ["", ""];

  /**
   * @param {AccessHandle[]} handles
   * @param {PyBuffer} staging
   */
  constructor(handles, staging) {
    this.#handles = handles;
    this.#staging = staging.copy();
    this.#view = this.#staging.getBuffer("u8");
  }

  /** @param {number} slot */
  size(slot) {
    try {
      return this.#handles[slot].getSize();
    } catch (error) {
      return this.#refuse(error);
    }
  }

  /**
   * Read `[offset, offset + length)` into the staging area; return how many bytes there were.
   * @param {number} slot
   * @param {number} offset
   * @param {number} length
   */
  read(slot, offset, length) {
    try {
      return this.#handles[slot].read(this.#staged(length), { at: offset });
    } catch (error) {
      return this.#refuse(error);
    }
  }

  /**
   * Write the first `length` bytes of the staging area at `offset`; return the browser's count.
   * @param {number} slot
   * @param {number} offset
   * @param {number} length
   */
  write(slot, offset, length) {
    try {
      return this.#handles[slot].write(this.#staged(length), { at: offset });
    } catch (error) {
      return this.#refuse(error);
    }
  }

  /**
   * Write zeros to `[start, end)`; return how many the browser says it wrote.
   * @param {number} slot
   * @param {number} start
   * @param {number} end
   */
  fill(slot, start, end) {
    try {
      return this.#handles[slot].write(new Uint8Array(end - start), { at: start });
    } catch (error) {
      return this.#refuse(error);
    }
  }

  /** @param {number} slot */
  flush(slot) {
    try {
      this.#handles[slot].flush();
      return 0;
    } catch (error) {
      return this.#refuse(error);
    }
  }

  /**
   * @param {number} slot
   * @param {number} length
   */
  truncate(slot, length) {
    try {
      this.#handles[slot].truncate(length);
      return 0;
    } catch (error) {
      return this.#refuse(error);
    }
  }

  /** Return why the last call that returned -1 was refused: the exception's name and its text. */
  refusal() {
    return this.#refusal;
  }

  /** Give the files back, the first one last, for which others wait; calling it twice is fine. */
  close() {
    for (let handle = this.#handles.pop(); handle; handle = this.#handles.pop()) handle.close();
    if (this.#staging) {
      this.#view.release();
      this.#staging.destroy();
      // @ts-expect-error: nobody uses it after the files are gone
      this.#staging = undefined;
    }
  }

  /** @param {number} length */
  #staged(length) {
    if (this.#view.data.byteLength === 0) {
      this.#view.release();
      this.#view = this.#staging.getBuffer("u8");
    }
    return this.#view.data.subarray(0, length);
  }

  /**
   * @param {unknown} error
   * @returns {number}
   */
  #refuse(error) {
    if (this.#handles.length === 0) {
      this.#refusal = ["InvalidStateError", "the file system was closed"];
    } else if (error instanceof Error || error instanceof DOMException) {
      this.#refusal = [error.name, error.message];
    } else {
      this.#refusal = ["UnknownError", String(error)];
    }
    return -1;
  }
}

/**
 * Open both slots of a database, waiting for handles that a page which has gone still holds.
 *
 * @param {string} name  of the database
 * @param {PyBuffer} staging
 * @param {number} patience_ms  how long to wait for the handles at most
 * @returns {Promise<Slots>} rejects with NoModificationAllowedError when somebody keeps them
 */
export async function acquire(name, staging, patience_ms) {
  const folder = await folderOf(name, true);
  const deadline = performance.now() + patience_ms;
  for (let pause = 5; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return new Slots(await openSlots(folder), staging);
    } catch (error) {
      const wait = Math.min(pause, deadline - performance.now());
      if (nameOf(error) !== LOCKED || wait <= 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/**
 * Open both files or none; always in this order, so that of two pages one gets both.
 * @param {FileSystemDirectoryHandle} folder
 */
async function openSlots(folder) {
  /** @type {AccessHandle[]} */
  const handles = [];
  try {
    for (const slot of SLOTS) {
      /** @type {SlotFile} */
      const file = await folder.getFileHandle(slot, { create: true });
      if (!file.createSyncAccessHandle) throw named("NotInWorkerError");
      handles.push(await file.createSyncAccessHandle());
    }
    return handles;
  } catch (error) {
    for (const handle of handles) handle.close();
    throw error;
  }
}

/**
 * Remove a database and its files; rejects while somebody has it open.
 * @param {string} name
 */
export async function destroy(name) {
  const parent = await folderOf("", true);
  await parent.removeEntry(name, { recursive: true });
}

/** Return the names of all databases of this origin. */
export async function names() {
  const parent = await folderOf("", true);
  const found = [];
  for await (const name of parent.keys()) found.push(name);
  return found.sort();
}

/** Return what is used and may be, both padded, and whether it is promised not to be evicted. */
export async function storage() {
  const manager = storageManager();
  const { usage = 0, quota = 0 } = await manager.estimate();
  return [usage, quota, manager.persisted ? await manager.persisted() : false];
}

/** Ask the browser not to evict this origin; return its answer. The standard lets only pages ask. */
export async function requestPersistence() {
  const manager = storageManager();
  if (!manager.persist) throw named("NotInPageError");
  return manager.persist();
}

/**
 * Return the folder of a database, or the folder that holds them all for an empty name.
 * @param {string} name
 * @param {boolean} create
 */
async function folderOf(name, create) {
  const manager = storageManager();
  if (!manager.getDirectory) throw named("NoOpfsError");
  const root = await manager.getDirectory();
  const parent = await root.getDirectoryHandle(FOLDER, { create });
  return name ? parent.getDirectoryHandle(name, { create }) : parent;
}

/** @returns {StorageManager} */
function storageManager() {
  if (!globalThis.navigator?.storage) throw named("NoOpfsError");
  return navigator.storage;
}

/** @param {string} name */
function named(name) {
  return Object.assign(new Error(name), { name });
}

/** @param {unknown} error */
function nameOf(error) {
  return error instanceof Error || error instanceof DOMException ? error.name : "";
}
