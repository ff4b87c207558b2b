"""For Python that a page runs already: PyScript, JupyterLite, marimo, stlite, a plain worker.

    store = await libredb_web.storage("app")        # a dict, with what was kept under this name
    store["seen"] = datetime.now(UTC)               # refused here, if it could not be kept
    await store.sync()                              # one commit, durable

Reading order: `values` (what can be kept, and how), `entries` (what a storage is in a database, and
the files of a worker), `page` (the main thread, which asks a worker), `serving` (what that worker
answers), `storage`.
"""

from libredb_web.storage import Storage, storage

__all__ = ["Storage", "storage"]
