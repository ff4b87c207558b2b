"""A loop says in its failure which turn it was."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def case(**facts: object) -> Iterator[None]:
    """Add `facts` to whatever is raised inside, for example `case(seed=3, call="sync")`."""
    try:
        yield
    except BaseException as error:
        error.add_note("case: " + ", ".join(f"{name}={fact!r}" for name, fact in facts.items()))
        raise
