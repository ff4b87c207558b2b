/** The worker of the client, which also tells how long each file took to come, by its name. */

import "/client/worker.js";

const channel = new BroadcastChannel("start");

channel.onmessage = () => {
  const entries = /** @type {PerformanceResourceTiming[]} */ (
    performance.getEntriesByType("resource")
  );
  channel.postMessage(
    Object.fromEntries(entries.map(({ name, duration }) => [name.split("/").at(-1), duration])),
  );
};
