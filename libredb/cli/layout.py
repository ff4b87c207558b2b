"""A table as lines of text: columns side by side, none of them wider than its reader can see.

    notes     documents    5
    settings  kv          12    numbers to the right

On a terminal, columns give way, the widest first, and what does not fit ends in `...`; columns for
which no room is left are named below the table. In a file or a pipe nothing is cut. Widths are
those of the first rows: there may be more of them than fit in memory.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from unicodedata import category, combining, east_asian_width

CUT = "..."
GAP = "  "
MEASURED_ROWS = 500
_NARROWEST = 6
"""A column of a few letters and `...` still tells something."""


class Number(str):
    """A number as text, which stands to the right."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table, and whether it is the head."""

    text: str
    is_head: bool = False


def layout(
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    width: int | None,
    *,
    indent: str = "",
) -> Iterator[Line]:
    """Yield the lines of a table with these heads; numbers stand to the right, None is empty.

    Cells hold no control characters; whoever makes them has escaped these. `width` None is a file.
    """
    rows = iter(rows)
    first = list(islice(rows, MEASURED_ROWS))
    is_right = [_is_right(row[i] for row in first) for i in range(len(heads))]
    natural = [
        max(cell_width(text) for text in (head, *(text_of(row[i]) for row in first)))
        for i, head in enumerate(heads)
    ]
    widths = natural if width is None else fitted(natural, width - len(indent))
    left_out = heads[len(widths) :]
    for number, row in enumerate(chain([heads], first, rows)):
        cells = zip(map(text_of, row), widths, is_right, strict=False)
        padded = [_padded(text, size, width is not None, right) for text, size, right in cells]
        yield Line((indent + GAP.join(padded)).rstrip(), is_head=not number)
    if left_out:
        yield Line(cut(f"{indent}not shown: {', '.join(left_out)}", width or 0))


def fitted(natural: Sequence[int], width: int) -> list[int]:
    """Return the widths of as many columns as fit, the widest cut down first."""
    widths = list(natural)
    while len(widths) > 1 and _least(widths) > width:
        widths.pop()
    over = sum(widths) + len(GAP) * (len(widths) - 1) - width
    while over > 0 and max(widths) > 1:
        widest = max(widths)
        second = max((size for size in widths if size < widest), default=1)
        wide = [i for i, size in enumerate(widths) if size == widest]
        step = max(1, min(widest - max(second, 1), over // len(wide)))
        for i in wide:
            taken = min(step, over)
            widths[i] -= taken
            over -= taken
    return widths


def cell_width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def cut(text: str, width: int) -> str:
    """Return a text that takes at most `width` columns."""
    if cell_width(text) <= width:
        return text
    dots = CUT[:width]
    room, kept = width - len(dots), ""
    for character in text:
        room -= _character_width(character)
        if room < 0:
            break
        kept += character
    return kept + dots


def text_of(cell: object) -> str:
    """Return what a cell shows."""
    return "" if cell is None else str(cell)


def _least(widths: Sequence[int]) -> int:
    """Return what columns take at least, with the gaps between them."""
    return sum(min(size, _NARROWEST) for size in widths) + len(GAP) * (len(widths) - 1)


def _padded(text: str, width: int, is_cut: bool, is_right: bool) -> str:  # noqa: FBT001 - data, for each cell
    text = cut(text, width) if is_cut else text
    blanks = " " * (width - cell_width(text))
    return blanks + text if is_right else text + blanks


def _is_right(cells: Iterable[object]) -> bool:
    kinds = set(map(type, cells)) - {type(None)}
    return bool(kinds) and kinds <= {int, float, Number}


def _character_width(character: str) -> int:
    if combining(character) or category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
