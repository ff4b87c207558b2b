/**
 * The calls of a client, one after the other: what waits, what runs, and what becomes of both.
 *
 * One request is on its way at a time, so it is known what has begun. When the deadline or the signal
 * of a call comes:
 *
 *     it waits     it is taken out, and has not happened: DeadlineError, or the signal's reason
 *     it runs      a read rejects with the same; a write with OutcomeUnknownError, and may happen yet
 *
 * What runs is never interrupted; the next call begins when it has been answered. When the worker is
 * gone, everything rejects at once. Absent on purpose: sending again, which takes knowing whether the
 * first one happened.
 */

import { DeadlineError, LibreDBError, OutcomeUnknownError, UsageError } from "./errors.js";
import { encodeArguments, PROTOCOL, READS, readReply } from "./protocol.js";

/**
 * @typedef {object} CallOptions
 * @property {number | null} [deadline_ms]  how long to wait, null for ever
 * @property {AbortSignal} [signal]  ends the waiting
 *
 * @typedef {{value: any, version: number}} Answer
 *
 * @typedef {object} Call
 * @property {number} id
 * @property {string} name
 * @property {Record<string, import("./protocol.js").Json>} args
 * @property {number} begun_ms
 * @property {number | null} deadline_ms
 * @property {(answer: Answer) => void} resolve
 * @property {(error: unknown) => void} reject
 */

export class Calls {
  /** @type {Call[]} */
  #waiting = [];
  /** @type {Call | undefined} */
  #running;
  /** @type {((text: string) => void) | undefined} */
  #post;
  /** @type {LibreDBError | undefined} */
  #refusal;
  #ids = 0;
  #seq = 0;
  #client = clientId();
  /** The last commit that an answer has seen. */
  version = 0;

  /** @param {number | null} deadline_ms  of calls that do not say another */
  constructor(deadline_ms) {
    this.deadline_ms = deadline_ms;
  }

  /**
   * Do a call, and return its value.
   * @param {string} name
   * @param {Record<string, unknown>} args
   * @param {CallOptions} [options]
   * @returns {Promise<any>}
   */
  async value(name, args, options) {
    return (await this.answer(name, args, options)).value;
  }

  /**
   * Do a call, and return its value and the version that it has seen.
   * @param {string} name
   * @param {Record<string, unknown>} args
   * @param {CallOptions} [options]
   * @returns {Promise<Answer>}
   */
  answer(name, args, options = {}) {
    const { signal, deadline_ms = this.deadline_ms } = checked(options);
    return new Promise((resolve, reject) => {
      if (this.#refusal) throw this.#refusal;
      signal?.throwIfAborted();
      const told = encodeArguments(args);
      const id = ++this.#ids;
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let timer;
      const onAbort = () => this.#end(call, signal?.reason);
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      /** @type {Call} */
      const call = {
        ...{ id, name, args: told, deadline_ms, begun_ms: performance.now() },
        resolve: (found) => {
          settle();
          resolve(found);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      if (deadline_ms !== null) timer = setTimeout(() => this.#end(call, undefined), deadline_ms);
      signal?.addEventListener("abort", onAbort);
      this.#waiting.push(call);
      this.#next();
    });
  }

  /**
   * Begin to send: a server answers what is posted here.
   * @param {(text: string) => void} post
   */
  open(post) {
    this.#post = post;
    this.#client = clientId();
    this.#seq = 0;
    this.#next();
  }

  /** Let calls wait for a server that is to come. */
  expect() {
    this.#refusal = undefined;
  }

  /**
   * Refuse later calls, and let those that are here come to their end.
   * @param {LibreDBError} refusal
   */
  async drain(refusal) {
    const last = this.value("sync", {}).catch(() => {}); // it comes after all of them
    this.#refusal = refusal;
    await last;
  }

  /**
   * Reject everything, and all later calls, until `expect`: the server is gone.
   * @param {LibreDBError} refusal
   */
  stop(refusal) {
    const { message } = refusal;
    this.#refusal = refusal;
    this.#post = undefined;
    const running = this.#running;
    this.#running = undefined;
    running?.reject(isWrite(running) ? unknown(running, message, refusal) : refusal);
    for (const call of this.#waiting.splice(0)) call.reject(refusal);
  }

  /**
   * Take a reply.
   * @param {string} text
   */
  receive(text) {
    const reply = readReply(text);
    const call = this.#running;
    if (!call || reply.id !== call.id) return;
    this.#running = undefined;
    if ("error" in reply) {
      call.reject(reply.error);
    } else {
      this.version = reply.version;
      call.resolve({ value: reply.value, version: reply.version });
    }
    this.#next();
  }

  /** Send the next call, if nothing is on its way. */
  #next() {
    if (this.#running || !this.#post) return;
    const call = this.#waiting.shift();
    if (!call) return;
    this.#running = call;
    if (isWrite(call)) this.#seq += 1;
    const passed = performance.now() - call.begun_ms;
    /** @type {import("./protocol.js").Request} */
    const request = {
      ...{ protocol: PROTOCOL, id: call.id, client: this.#client, seq: this.#seq, epoch: null },
      deadline_ms: call.deadline_ms === null ? null : Math.max(1, call.deadline_ms - passed),
      ...{ call: call.name, args: call.args },
    };
    this.#post(JSON.stringify(request));
  }

  /**
   * Give a call up; its reply, should it come, makes room for the next one.
   * @param {Call} call
   * @param {unknown} reason  of a signal; undefined where its time is up
   */
  #end(call, reason) {
    const place = this.#waiting.indexOf(call);
    if (place >= 0) this.#waiting.splice(place, 1);
    const why =
      reason === undefined ? `its time of ${call.deadline_ms} ms was up` : "it was aborted";
    if (call === this.#running && isWrite(call)) {
      const cause = reason ?? new DeadlineError(why);
      call.reject(unknown(call, `${why} while it ran`, cause));
    } else if (reason !== undefined) {
      call.reject(reason);
    } else {
      const state = call === this.#running ? "while it ran" : "before it began: nothing happened";
      call.reject(new DeadlineError(`${call.name}: ${why} ${state}`));
    }
  }
}

/** @param {Call} call */
function isWrite(call) {
  return !READS.has(call.name);
}

/**
 * @param {Call} call
 * @param {string} why
 * @param {unknown} cause
 */
function unknown(call, why, cause) {
  const message = `${call.name} may have happened, or may yet: ${why}; read, and decide again`;
  return new OutcomeUnknownError(message, { call: call.name }, { cause });
}

/**
 * @param {CallOptions} options
 * @returns {CallOptions}
 */
function checked(options) {
  const { deadline_ms, signal } = options;
  const isTime = typeof deadline_ms === "number" && deadline_ms > 0;
  if (deadline_ms !== undefined && deadline_ms !== null && !isTime) {
    throw new UsageError(
      `deadline_ms is a number of milliseconds above 0, or null, not ${deadline_ms}`,
    );
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new UsageError("signal is an AbortSignal: new AbortController().signal");
  }
  return options;
}

function clientId() {
  return crypto.randomUUID();
}
