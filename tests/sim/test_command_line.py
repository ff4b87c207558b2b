"""`python -m sim` shows what it does, tells how to replay, and reports what was survived."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sim.__main__ import main
from sim.campaigns.report import html, outcomes
from sim.campaigns.tally import Tally, from_json, run_seeds
from sim.plans.profiles import PROFILES


class Checker(HTMLParser):
    """Collects what a report holds, and notices what is not closed or comes from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.outside += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_run_is_saved_and_its_report_stands_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved, page = tmp_path / "run.json", tmp_path / "report.html"
    arguments = ["run", "--seeds", "30", "--workers", "1", "--json", str(saved)]
    code = main([*arguments, "--profile", "P4", "--profile", "P8"])
    printed = capsys.readouterr()
    assert "P4" in printed.out
    assert "shares" in printed.err
    assert code in {0, 1}  # so few seeds may stay below a floor, but nothing is violated
    assert "VIOLATION" not in printed.out
    assert main(["report", "--json", str(saved), "--html", str(page)]) == 0
    checker = Checker()
    checker.feed(page.read_text(encoding="utf-8"))
    assert {"svg", "rect", "table", "details"} <= set(checker.tags)
    assert not {"script", "link", "img"} & set(checker.tags)
    assert not checker.outside
    assert "sync error" in checker.text
    assert "0 violations" in checker.text


def test_the_bars_of_the_report_are_the_counters() -> None:
    tally = run_seeds("P4", range(40))
    sums = outcomes(tally)
    assert sums["latch"] == tally.counters["latch"]
    assert sums["all"] == tally.counters["shown: all"]
    page = html({"P4": tally}, "a command")
    assert f"everything was there: {sums['all']:,}" in page
    assert page.count("<rect") == sum(1 for count in sums.values() if count)


def test_a_violation_is_in_the_report() -> None:
    tally = Tally("P1", runs=1, failures=[("P1 seed 3", "prefix: <lost>", "")])
    page = html({"P1": tally}, "a command")
    assert "<strong>1 violations</strong>" in page
    assert "prefix: &lt;lost&gt;" in page


def test_tallies_travel_as_json() -> None:
    tally = run_seeds("P2", range(5))
    assert from_json(tally.to_json()) == tally
    assert json.loads(tally.to_json())["runs"] == 5


def test_replay_shows_the_last_calls_of_a_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--profile", "P6", "--seed", "3", "--calls", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert lines[-2].endswith("bytes of cache, 128 of a block")
    assert lines[-1].endswith("ok")


def test_a_saved_plan_is_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(PROFILES["P2"].plan(11).to_json())
    assert main(["replay", "--plan", str(plan)]) == 0
    assert "P2 seed 11" in capsys.readouterr().out


def test_a_soak_ends_with_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["soak", "--minutes", "0"]) == 0
    assert "total 0 runs" in capsys.readouterr().out
