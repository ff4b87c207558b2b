"""Whatever a crash left in the other slot, the database is the one that was put in place last.

Where there is no rename a database has two slots, and the next file is written into the empty one,
its header last. A crash leaves there: nothing, part of that file, zeros or garbage in its place, or
blocks that still show an older generation. None of it may hide, replace or refuse the database.
"""

from collections.abc import Iterator

import libredb
from sim.world.filesystem import SimFileSystem
from sim.world.generator import Generator
from tests.damage.damage import cuts
from tests.damage.logs import PATH, RECORDS_OFFSET, State, Writer, make_commits

HEADER_LENGTH = 44
LENGTHS = [*range(1, 64), *range(64, RECORDS_OFFSET, 499), RECORDS_OFFSET - 1, RECORDS_OFFSET]


def generations() -> tuple[bytes, bytes, bytes, State]:
    """Return three generations of one database, and what the last two show."""
    writer = Writer(make_commits(Generator(1), 6))
    first = writer.image().data
    writer.compact()
    second = writer.image().data
    writer.compact()
    return first, second, writer.closed().data, writer.states[-1]


def shown(current: bytes, other: bytes) -> State:
    """Open a database with these two slots, in both orders, and return what it shows."""
    found: list[State] = []
    for slot in (0, 1):
        fs = SimFileSystem("slots")
        fs.install(PATH, current, slot=slot)
        fs.install(PATH, other, slot=1 - slot)
        with libredb.open(PATH, fs=fs) as db:
            found.append(dict(db.scan()))
        assert len(fs.images(PATH)[1 - slot]) == 0
    assert found[0] == found[1]
    return found[0]


def unfinished(following: bytes) -> Iterator[bytes]:
    """Yield what a crash may leave of the next file before its header is durable."""
    headless = bytes(HEADER_LENGTH) + following[HEADER_LENGTH:]
    yield b""
    yield from (headless[:length] for length in LENGTHS)
    yield from cuts(headless, range(RECORDS_OFFSET, len(headless) + 1))
    for length in range(HEADER_LENGTH):
        yield following[:length] + headless[length:]
        yield headless[:length] + following[length:HEADER_LENGTH] + headless[HEADER_LENGTH:]


def test_an_unfinished_next_file_does_not_replace_the_database() -> None:
    _, second, third, state = generations()
    for other in unfinished(third):
        if other[:HEADER_LENGTH] != third[:HEADER_LENGTH]:
            assert shown(second, other) == state


def test_garbage_where_the_next_file_was_begun_does_not_hide_the_database() -> None:
    _, second, _, state = generations()
    generator = Generator(2)
    for length in (*LENGTHS, 9000):
        assert shown(second, generator.octets(length)) == state


def test_blocks_of_an_older_generation_in_the_other_slot_do_not_refuse_the_database() -> None:
    first, second, _, state = generations()
    for length in LENGTHS:
        assert shown(second, first[:length]) == state
    for data in cuts(first, range(RECORDS_OFFSET, len(first) + 1)):
        assert shown(second, data) == state


def test_a_finished_next_file_is_the_database_before_the_old_one_is_gone() -> None:
    _, second, third, state = generations()
    assert shown(third, second) == state
    for length in LENGTHS:
        if length >= HEADER_LENGTH:
            assert shown(third, second[:length]) == state
