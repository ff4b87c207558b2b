"""Blocks of `with` that note how they were finished, and whether a guard is free."""

import threading

from libredb.kernel.guard import A_GROUP, A_READ, A_TRANSACTION, Block, Guard

Log = list[tuple[str, type[BaseException] | None, bool]]


def block(
    guard: Guard, what: str, log: Log | None = None, fail: BaseException | None = None
) -> Block[str]:
    """Return a block that notes how it was finished; `fail` is raised by finishing."""
    locks = {
        A_TRANSACTION: (guard.turn, guard.step),
        A_GROUP: (guard.turn, guard.state),
        A_READ: (guard.state,),
    }

    def start() -> str:
        if what == A_GROUP:
            guard.begin_group()
        else:
            guard.check(what if what == A_TRANSACTION else None)
        return what

    def finish(started: str, error: BaseException | None, grouped: bool) -> None:  # noqa: FBT001 - as a block calls it
        if log is not None:
            log.append((started, type(error) if error else None, grouped))
        if fail is not None:
            raise fail

    return Block(guard, what, locks[what], start, finish)


def is_free(guard: Guard) -> bool:
    """Whether another thread could take every right now."""
    free: list[bool] = []

    def take() -> None:
        for lock in (guard.turn, guard.step, guard.state):
            free.append(lock.acquire(blocking=False))
            if free[-1]:
                lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return all(free)
