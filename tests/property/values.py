"""Keys and values that collide often, share prefixes, and hold the first and the last byte."""

from hypothesis import strategies as st

State = dict[bytes, bytes]
Entry = tuple[bytes, bytes]

keys = st.one_of(
    st.lists(st.sampled_from([b"\0", b"a", b"b", b"\xff"]), max_size=3).map(b"".join),
    st.integers(0, 40).map(lambda number: b"key%02d" % number),
)
values = st.one_of(st.binary(max_size=8), st.sampled_from([b"", bytes(40), b"LRDB" * 130]))


def bytes_like(data: bytes, kind: int) -> bytes | bytearray | memoryview:
    """Return the same bytes as one of the types that a caller may pass."""
    if kind == 0:
        return data
    return bytearray(data) if kind == 1 else memoryview(data)


def scanned(
    state: State, start: bytes, end: bytes | None, *, reverse: bool, limit: int | None
) -> list[Entry]:
    """Return what a scan of a plain dict finds."""
    found = sorted(state.items(), reverse=reverse)
    inside = [entry for entry in found if entry[0] >= start and (end is None or entry[0] < end)]
    return inside[:limit]
