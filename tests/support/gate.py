"""A transaction that waits in the middle of its function, so that others can act meanwhile.

Who waits for what must happen waits a minute at most, and then says so: a test never hangs.
"""

import asyncio
import threading

from libredb import Transaction


class Gate:
    """What a transaction waits at, so that others can act while it runs."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def work(self, tx: Transaction) -> str:
        """Set a key, wait, and return something."""
        tx.set(b"slow", b"")
        self.reached.set()
        assert self.opened.wait(60), "nobody opened the gate while the transaction ran"
        return "done"

    async def wait_until_reached(self) -> None:
        """Let the loop go on until the transaction is in the middle of its function."""
        assert await asyncio.to_thread(self.reached.wait, 60), "the transaction never began"
