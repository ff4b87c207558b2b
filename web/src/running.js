/**
 * The life of a worker: started, asked, ended with the page, and started anew.
 *
 * Whatever ends it, every call that waits for it rejects: an error that nobody caught, a message that
 * cannot be read, a fatal error of Python, `terminate`. On `pagehide` it is ended, for a page in the
 * back-forward cache would keep the files and lock every other tab out; on `pageshow` of a page from
 * that cache another one is started, and calls wait for it.
 */

import { DatabaseLockedError, DeadlineError, errorOf, UsageError, WorkerError } from "./errors.js";

/**
 * @typedef {import("./calls.js").Calls} Calls
 * @typedef {import("./errors.js").LibreDBError} LibreDBError
 * @typedef {import("./options.js").Checked} Checked
 * @typedef {import("./protocol.js").FromWorker} FromWorker
 */

/** How long a worker may take to close the database before it is ended anyway. */
const CLOSING_MS = 5000;

export class Running {
  #options;
  #calls;
  /** @type {Worker | undefined} */
  #worker;
  /** @type {(() => void) | undefined} */
  #onClosed;
  /** @type {LibreDBError | undefined} */
  #closingError;
  #isClosed = false;

  /**
   * @param {Checked} options
   * @param {Calls} calls
   */
  constructor(options, calls) {
    this.#options = options;
    this.#calls = calls;
  }

  get name() {
    return this.#options.name;
  }

  /** Start the worker; rejects, with the worker ended, if the database cannot be had. */
  async start() {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    addEventListener("pagehide", this.#onPageHide);
    addEventListener("pageshow", this.#onPageShow);
    try {
      await this.#begin();
    } catch (error) {
      this.#end(error instanceof WorkerError ? error : new WorkerError("it was not started"));
      this.#forgetPage();
      throw error;
    }
  }

  /** Close the database, after what was called before, and end the worker. */
  async close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#forgetPage();
    const refusal = new UsageError("this client was closed; connect() again");
    if (this.#worker) {
      await this.#calls.drain(refusal);
      await new Promise((resolve) => {
        this.#onClosed = () => resolve(undefined);
        setTimeout(this.#onClosed, CLOSING_MS);
        this.#worker?.postMessage({ kind: "close" });
      });
    }
    this.#end(refusal);
    if (this.#closingError) throw this.#closingError;
  }

  /**
   * End the worker at once.
   * @param {string} why
   */
  terminate(why) {
    this.#isClosed = true;
    this.#forgetPage();
    this.#end(new WorkerError(`${why}; connect() again`));
  }

  /** @returns {Promise<void>} */
  async #begin() {
    const { deadline_ms, signal, schema } = this.#options;
    const worker = this.#made();
    this.#worker = worker;
    this.#calls.expect();
    await this.#ready(worker, deadline_ms, signal);
    this.#calls.open((text) => worker.postMessage({ kind: "request", text }));
    await this.#calls.value("connect", { schema }, { deadline_ms, signal });
  }

  #made() {
    const { worker } = this.#options;
    if (worker) return new Worker(worker, { type: "module" });
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  }

  /**
   * Wait until the worker has opened the database.
   * @param {Worker} worker
   * @param {number | null} deadline_ms
   * @param {AbortSignal | undefined} signal
   */
  #ready(worker, deadline_ms, signal) {
    const begun = performance.now();
    let step = "script"; // or the last one that the worker has told
    return new Promise((resolve, reject) => {
      if (deadline_ms !== null) {
        const late = () =>
          `the worker had not started after ${deadline_ms} ms, at the step ${step}`;
        setTimeout(() => reject(new DeadlineError(late())), deadline_ms);
      }
      signal?.addEventListener("abort", () => reject(signal.reason));
      const gone = (/** @type {string} */ message) => {
        const error = new WorkerError(message);
        this.#lost(worker, error);
        reject(error);
      };
      worker.onmessageerror = () => gone("a message of the worker could not be read");
      worker.onerror = async (event) => {
        event.preventDefault();
        gone(
          step === "script"
            ? await this.#whyNoScript(event)
            : `the worker failed: ${event.message}`,
        );
      };
      worker.onmessage = ({ data }) => {
        const message = /** @type {FromWorker} */ (data);
        if (message.kind === "hello") {
          step = "hello";
          worker.postMessage(this.#options.start);
        } else if (message.kind === "progress") {
          step = message.step;
          const { note } = message;
          this.#options.onProgress({ step: message.step, ms: performance.now() - begun, note });
        } else if (message.kind === "ready") {
          this.#options.onProgress({ step: "ready", ms: performance.now() - begun });
          resolve(undefined);
        } else if (message.kind === "failed") {
          reject(this.#refused(message.error));
        } else if (message.kind === "fatal") {
          gone(`the worker ended at the step ${step}: ${message.message}`);
        } else if (message.kind === "closed") {
          this.#closingError = message.error ? errorOf(message.error) : undefined;
          this.#onClosed?.();
        } else {
          this.#received(worker, message.text);
        }
      };
    });
  }

  /**
   * @param {Worker} worker
   * @param {string} text
   */
  #received(worker, text) {
    try {
      this.#calls.receive(text);
    } catch (error) {
      this.#lost(worker, new WorkerError(`a reply of the worker could not be read: ${error}`));
    }
  }

  /** @param {import("./protocol.js").ToldError} told */
  #refused(told) {
    const error = errorOf(told);
    if (error instanceof DatabaseLockedError) {
      error.message += "; or connect with wait: true (in Python: patience_seconds)";
    }
    return error;
  }

  /**
   * Say why a worker did not even begin, which browsers do not.
   * @param {ErrorEvent} event
   */
  async #whyNoScript(event) {
    if (event.message) return `the worker could not be loaded: ${event.message}`;
    const url = this.#options.worker;
    if (!url) return "the worker could not be loaded: serve worker.js beside client.js";
    const response = await fetch(url).catch(() => undefined);
    const type = response?.headers.get("content-type") ?? "nothing";
    const found = response
      ? `the server answers ${response.status} with ${type}`
      : "nobody answers";
    return `the worker could not be loaded from ${url}: ${found}; check the option worker`;
  }

  /**
   * @param {Worker} worker
   * @param {WorkerError} error
   */
  #lost(worker, error) {
    if (worker === this.#worker) this.terminate(error.message);
  }

  /** @param {LibreDBError} refusal */
  #end(refusal) {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#onClosed?.();
    this.#calls.stop(refusal);
  }

  #onPageHide = () => {
    this.#end(new WorkerError("the page was left, and its worker ended"));
  };

  /** @param {PageTransitionEvent} event */
  #onPageShow = ({ persisted }) => {
    if (!persisted || this.#worker) return;
    this.#begin().catch((error) => {
      this.#forgetPage();
      this.#end(error);
    });
  };

  #forgetPage() {
    removeEventListener("pagehide", this.#onPageHide);
    removeEventListener("pageshow", this.#onPageShow);
  }
}
