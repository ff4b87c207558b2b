"""Values that look like a log do what they are for, and no more."""

import zlib

import libredb
from sim.campaigns.files import Case, far_apart
from sim.plans.foreign import value_from_log


def test_no_tear_of_the_last_bytes_makes_a_wrong_check_right() -> None:
    """The wrong check differed in one bit, at its end. Seed 1101179 of P5 cut off just that byte.

    The zero in its place was the right one, so the value proved a sync, as a header of a newer copy
    of the file would: a limit of the format that is documented, and not what it was made for.
    """
    image = bytes(range(64))
    for version in range(2000):
        fields = value_from_log(image, version, "near", 2, 5)[-20:]
        good = zlib.crc32(fields[:16], zlib.crc32(image[:36]))
        for kept in range(5):
            assert fields[16 : 16 + kept] + bytes(4 - kept) != good.to_bytes(4, "big")


def test_a_check_that_shall_end_in_a_zero_byte_does_so_in_the_file_that_is_made_for_it() -> None:
    """It was made for a key one byte shorter, and ended in a zero byte by chance alone.

    Each change of the header drew other checks; one of them left a mutant alive.
    """
    case = Case(libredb, "proofs", "rename", far_apart(0))
    (image,) = case.images
    ending = [start for start in case.trials.edges[:-1] if image[start + 19] == 0]
    assert len(ending) >= 4
