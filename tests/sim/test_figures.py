"""The figures in the documentation come from runs, and the page has a place for each of them."""

from pathlib import Path

import pytest

from sim.campaigns.figures import (
    clause_table,
    flip_table,
    profile_table,
    replace_section,
    run_table,
)
from sim.campaigns.parts import run_share
from sim.campaigns.tally import run_seeds
from sim.mutants.catalogue import MUTANTS

PAGE = Path(__file__).parents[2] / "docs" / "simulation.md"


def test_a_section_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- run -->\nold\n<!-- end of run -->\nafter\n")
    replace_section(page, "run", "new\n")
    assert page.read_text() == "before\n<!-- run -->\nnew\n<!-- end of run -->\nafter\n"
    with pytest.raises(ValueError, match="no section 'flips'"):
        replace_section(page, "flips", "")


def test_the_tables_hold_the_counts_of_the_tallies() -> None:
    table = run_table({"P4": run_seeds("P4", range(10))}, "a command")
    assert "| P4 | sync error | 10 |" in table
    flips = run_share("flips", 3, 400)
    rows = [line.split("|") for line in flip_table(flips).splitlines()[2:-1]]
    assert sum(int(cell.replace(",", "")) for row in rows for cell in row[2:4]) == flips.runs


@pytest.mark.cpython
def test_the_page_has_the_tables_of_the_profiles_and_of_the_clauses() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, table in (("profiles", profile_table()), ("clauses", clause_table())):
        assert f"<!-- {name} -->\n{table}<!-- end of {name} -->" in text, "python -m sim tables"


@pytest.mark.cpython
def test_the_page_has_every_mutant_and_a_place_for_each_table_of_figures() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in ("flips", "run", "mutants"):
        assert text.count(f"<!-- {name} -->\n|") + text.count(f"<!-- {name} -->\n`") == 1
    table = text.partition("<!-- mutants -->")[2]
    assert [mutant.name for mutant in MUTANTS if f"| {mutant.name} |" not in table] == []
    assert "NOTHING" not in table
