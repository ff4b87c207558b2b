/** A client without a worker: what it sends, and what it is told. */

import { Calls } from "../src/calls.js";
import { Client } from "../src/client.js";

/** @param {string} string */
export const text = (string) => new TextEncoder().encode(string);

/** A client whose server is a function of the requests; it replies in a microtask. */
export function clientOf(answer, deadline_ms = null) {
  const calls = new Calls(deadline_ms);
  const sent = [];
  const post = (message) => {
    const request = JSON.parse(message);
    sent.push(request);
    const reply = answer(request);
    if (reply) queueMicrotask(() => calls.receive(JSON.stringify({ id: request.id, ...reply })));
  };
  return { calls, sent, post, db: new Client({ name: "app" }, calls) };
}
