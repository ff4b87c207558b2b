"""The rows that run in a browser: what runs in its worker, and what drives it from here.

rows            the rows, the browser, and contenders in its workers
inside          libredb's part, in Pyodide
contenders.js   everybody else's
"""
