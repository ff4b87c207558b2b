/**
 * The page of the tests: starts workers, ends them, and keeps what they say.
 *
 * The host calls `window.workers`. What a worker prints goes to the host's log, and what it relays to
 * the host at once, which no worker waits for; everything else that Python posts by itself is kept
 * in `posted`, in order, until the host takes it.
 */

/**
 * @typedef {{kind: string, id?: number, value?: unknown, message?: string, text?: string}} Message
 * @typedef {{wheels: string[], archives: {url: string, folder: string}[]}} Load
 */

/** Lines on their way to the host; one request at a time keeps their order. */
class Outbox {
  #lines = "";
  #sending = false;

  /** @param {string} path */
  constructor(path) {
    this.path = path;
  }

  /** @param {string} text */
  async send(text) {
    this.#lines += `${text}\n`;
    if (this.#sending) return;
    this.#sending = true;
    while (this.#lines) {
      const body = this.#lines;
      this.#lines = "";
      await fetch(this.path, { method: "POST", body }).catch(() => {});
    }
    this.#sending = false;
  }
}

const log = new Outbox("/console");
const relay = new Outbox("/relay");

class TestWorker {
  /** @type {Map<number, {resolve: (value: unknown) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  #next = 1;
  /** @type {unknown[]} */
  posted = [];
  /** @type {(() => void) | undefined} */
  #onPosted;
  /** @type {Error | undefined} */
  #failure;

  /** @param {Load} load */
  constructor(load) {
    this.worker = new Worker("/runtime/worker.js", { type: "module" });
    this.worker.onmessage = ({ data }) => this.#receive(data);
    this.worker.onerror = (event) => this.#fail(new Error(`the worker failed: ${event.message}`));
    this.loaded = this.#wait(0);
    this.loaded.catch(() => {});
    this.worker.postMessage({ kind: "load", ...load });
  }

  /**
   * Run Python and return its value; rejects with its traceback.
   * @param {string} code
   * @param {unknown} [argument]
   */
  async run(code, argument) {
    await this.loaded;
    const id = this.#next++;
    this.worker.postMessage({ kind: "run", id, code, argument });
    return this.#wait(id);
  }

  /**
   * Run Python without waiting for its end. Should it fail, whoever waits for a message is told.
   * @param {string} code
   * @param {unknown} [argument]
   */
  begin(code, argument) {
    this.run(code, argument).catch((error) => {
      this.#failure = error;
      this.#onPosted?.();
    });
  }

  /** Return what was posted since the last time; throw if there is nothing, and never will be. */
  take() {
    if (this.#failure && this.posted.length === 0) throw this.#failure;
    return this.posted.splice(0);
  }

  /** End the worker at once, wherever it is. */
  terminate() {
    this.worker.terminate();
    this.#fail(new Error("terminated"));
  }

  /**
   * End the worker a moment after it has posted so many messages, and return all it posted.
   *
   * The moment is shorter than a timer can tell, so the page waits busily; what the worker posts
   * meanwhile was said before its end, and still counts. Rejects if the worker fails before.
   * @param {number} count
   * @param {number} delay_ms
   */
  async terminateAfter(count, delay_ms) {
    await new Promise((resolve, reject) => {
      this.#onPosted = () => {
        if (this.posted.length >= count) resolve(undefined);
        else if (this.#failure) reject(this.#failure);
      };
      this.#onPosted();
    });
    const end = performance.now() + delay_ms;
    while (performance.now() < end);
    this.terminate();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return this.posted.splice(0);
  }

  /** @param {number} id */
  #wait(id) {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** @param {Error} error */
  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  /** @param {Message} message */
  #receive(message) {
    const outbox = { console: log, relay }[message.kind];
    if (outbox) {
      outbox.send(message.text ?? "");
      return;
    }
    if (message.kind === "fatal") {
      this.#fail(new Error(message.message));
      return;
    }
    const waiting = this.#waiting.get(message.id ?? 0);
    if (waiting) this.#waiting.delete(message.id ?? 0);
    if (message.kind === "loaded" || message.kind === "done") {
      waiting?.resolve(message.value);
    } else if (message.kind === "failed") {
      waiting?.reject(new Error(message.message));
    } else {
      this.posted.push(message);
      this.#onPosted?.();
    }
  }
}

/** @type {Map<string, TestWorker>} */
const running = new Map();

Object.assign(window, {
  workers: {
    /** @type {(name: string, load: Load) => void} */
    start: (name, load) => void running.set(name, new TestWorker(load)),
    /** @type {(name: string) => Promise<unknown> | undefined} */
    loaded: (name) => running.get(name)?.loaded,
    /** @type {(name: string, code: string, argument?: unknown) => void} */
    begin: (name, code, argument) => running.get(name)?.begin(code, argument),
    /** @type {(name: string, code: string, argument?: unknown) => Promise<unknown> | undefined} */
    run: (name, code, argument) => running.get(name)?.run(code, argument),
    /** @type {(name: string) => void} */
    terminate: (name) => running.get(name)?.terminate(),
    /** @type {(name: string, count: number, delay_ms: number) => Promise<unknown[]> | undefined} */
    terminateAfter: (name, count, delay_ms) => running.get(name)?.terminateAfter(count, delay_ms),
    /** @type {(text: string) => void} */
    relay: (text) => void relay.send(text),
    /** @type {(name: string) => unknown[]} */
    take: (name) => running.get(name)?.take() ?? [],
  },
});
