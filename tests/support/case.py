"""A loop says in its failure which turn it was; and how deep it may go."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

DEEP = 150 if sys.platform == "emscripten" else 10_000
"""How deep a test nests what has to be refused for that; a browser's worker has little stack."""


@contextmanager
def case(**facts: object) -> Iterator[None]:
    """Add `facts` to whatever is raised inside, for example `case(seed=3, call="sync")`."""
    try:
        yield
    except BaseException as error:
        error.add_note("case: " + ", ".join(f"{name}={fact!r}" for name, fact in facts.items()))
        raise
