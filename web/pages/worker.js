/**
 * The worker of these pages: that of the client, under an address of theirs.
 *
 * A browser asks offline.js for a worker only if the worker is in its folder or below.
 */

import "../client/worker.js";
