"""The rows that run in a browser: what runs in its workers, and what drives them from here.

rows             the rows, the browser, and contenders in its workers
inside           libredb's part, in Pyodide
contenders.js    everybody else's
start            the rows about starting there, each in a page of its own
start.js         what such a page does; timed_worker.js and start_worker.js are its workers
peers            databases in JavaScript that only these rows need
"""
