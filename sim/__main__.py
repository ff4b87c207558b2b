"""`python -m sim`: run, replay, shrink, soak, mutants, report, digests.

    run      seeds of profiles and the enumerations, once; the figures of the documentation
    replay   one seed, or a plan that was saved, with the last port calls
    shrink   a failing seed or plan, as small as it gets
    soak     new seeds of all profiles until the minutes are over
    mutants  which profiles notice each broken kernel
    report   the HTML report of a run that was saved with --json
    tables   the profiles and the clauses of the contract, for the documentation
    digests  the digests that the suite pins

The exit code is 0 if and only if nothing was violated. Absent on purpose: choices about what a
failure means; it prints the seed, the clause, the last calls, and the command that replays it.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from sim.campaigns import figures, report, tally
from sim.campaigns.floors import shortfalls
from sim.campaigns.jobs import Job, all_jobs, part_jobs, run_jobs, seed_jobs, sum_up
from sim.campaigns.parts import PARTS
from sim.campaigns.replay import how_to_replay
from sim.campaigns.shrink import shrink
from sim.campaigns.tally import Tally
from sim.campaigns.trace import digests
from sim.judge.runner import run
from sim.plans.plan import Plan, from_json
from sim.plans.profiles import MIXED, PROFILES


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    return int(options.command(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sim", description=(__doc__ or "").split("\n")[0]
    )
    commands = parser.add_subparsers(required=True)
    add = commands.add_parser
    one = add("run", help="run seeds and enumerations")
    one.set_defaults(command=_run)
    one.add_argument("--seeds", type=int, default=50_000, help="seeds of the mixed profile")
    one.add_argument("--first", type=int, default=0, help="the first seed")
    one.add_argument("--profile", action="append", choices=[*PROFILES, *PARTS], help="only these")
    soak = add("soak", help="run new seeds for some minutes")
    soak.set_defaults(command=_soak)
    soak.add_argument("--minutes", type=float, default=10)
    soak.add_argument("--first", type=int, default=1_000_000)
    for command in (one, soak):
        command.add_argument("--workers", type=int, default=None)
        command.add_argument("--json", type=Path, help="save the figures here")
    for name, action, text in (
        ("replay", _replay, "run one plan and show its trace"),
        ("shrink", _shrink, "make a failing plan small"),
    ):
        command = add(name, help=text)
        command.set_defaults(command=action)
        command.add_argument("--profile", choices=PROFILES, default=MIXED.name)
        command.add_argument("--seed", type=int)
        command.add_argument("--plan", type=Path, help="a plan saved as JSON, instead of a seed")
        command.add_argument("--calls", type=int, default=25, help="how many lines of the trace")
        command.add_argument("--save", type=Path, help="write the plan there")
    command = add("report", help="write the HTML report of a saved run")
    command.set_defaults(command=_report)
    command.add_argument("--json", type=Path, required=True)
    command.add_argument("--html", type=Path, default=Path("simulation.html"))
    command.add_argument("--docs", type=Path, help="also put the figures into this page")
    command = add("mutants", help="show which profiles notice each broken kernel")
    command.set_defaults(command=_mutants)
    command.add_argument("--seeds", type=int, default=400)
    command.add_argument("--docs", type=Path, help="also put the table into this page")
    command.add_argument("--fast", action="store_true", help="only the quickest killer of each")
    command.add_argument("--workers", type=int, default=None)
    command = add("tables", help="print the tables of the profiles and of the clauses")
    command.set_defaults(command=_tables)
    command.add_argument("--docs", type=Path, help="put them into this page")
    add("digests", help="print the digests that the suite pins").set_defaults(command=_digests)
    return parser


def _run(options: argparse.Namespace) -> int:
    if options.profile:
        parts = [name for name in options.profile if name in PARTS]
        profiles = [name for name in options.profile if name in PROFILES]
        jobs = [job for name in profiles for job in seed_jobs(name, options.first, options.seeds)]
        jobs += part_jobs(parts)
    else:
        jobs = part_jobs(PARTS) + all_jobs(options.first, options.seeds)
    return _work(jobs, options)


def _soak(options: argparse.Namespace) -> int:
    deadline = time.monotonic() + options.minutes * 60
    sums: dict[str, Tally] = {}
    first, code = options.first, 0
    while time.monotonic() < deadline and not code:
        jobs = all_jobs(first, 20_000)
        sums = sum_up([*sums.values(), *_progress(jobs, options.workers)])
        first += 20_000
        code = 1 if any(one.failures for one in sums.values()) else 0
    return _conclude(sums, options)


def _work(jobs: list[Job], options: argparse.Namespace) -> int:
    return _conclude(sum_up(_progress(jobs, options.workers)), options)


def _progress(jobs: list[Job], workers: int | None) -> list[Tally]:
    """Run jobs and show how far it is, on a terminal in place and elsewhere now and then."""
    done: list[Tally] = []
    started = shown = time.monotonic()
    for one in run_jobs(jobs, workers):
        done.append(one)
        now = time.monotonic()
        if now - shown > (0.5 if sys.stderr.isatty() else 15) or len(done) == len(jobs):
            shown = now
            runs = sum(tally.runs for tally in done)
            bad = sum(len(tally.failures) for tally in done)
            text = f"{len(done)}/{len(jobs)} shares, {runs:,} runs, {bad} violations, "
            text += f"{now - started:.0f} s"
            print(text, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
    return done


def _conclude(sums: dict[str, Tally], options: argparse.Namespace) -> int:
    print(
        f"{'':12}{'runs':>10}{'ops/run':>9}{'lives':>7}{'calls':>13}{'fired':>7}{'runs/s':>8}{'bad':>5}"
    )
    for one in sums.values():
        print(
            f"{one.name:12}{one.runs:>10,}{one.operations / max(1, one.runs):>9.1f}"
            f"{one.lives / max(1, one.runs):>7.2f}{one.calls:>13,}{one.fired_share:>7.1%}"
            f"{one.runs / max(one.seconds, 1e-9):>8,.0f}{len(one.failures):>5}"
        )
    print(
        f"total {sum(one.runs for one in sums.values()):,} runs, "
        f"{sum(one.calls for one in sums.values()):,} port calls, "
        f"{sum(one.seconds for one in sums.values()):.0f} processor seconds"
    )
    low = [text for one in sums.values() for text in shortfalls(one)]
    for text in low:
        print("below its floor: " + text)
    failures = [failure for one in sums.values() for failure in one.failures]
    for what, violation, plan in failures[:10]:
        print(f"VIOLATION {what}: {violation}")
        print("  " + how_to_replay(plan))
    if options.json:
        options.json.write_text(
            json.dumps(
                {
                    "command": _command(),
                    "tallies": [json.loads(one.to_json()) for one in sums.values()],
                }
            )
        )
    return 1 if failures or low else 0


def _command() -> str:
    """Return the command that was given, without where its figures are saved."""
    words = sys.argv[1:]
    if "--json" in words:
        del words[words.index("--json") : words.index("--json") + 2]
    return " ".join(["python -m sim", *words])


def _plan(options: argparse.Namespace) -> Plan:
    if options.plan:
        return from_json(options.plan.read_text())
    if options.seed is None:
        sys.exit("give --seed N or --plan FILE")
    return PROFILES[options.profile].plan(options.seed)


def _replay(options: argparse.Namespace) -> int:
    plan = _plan(options)
    return _show(plan, options)


def _shrink(options: argparse.Namespace) -> int:
    plan = _plan(options)
    print(f"{len(plan.steps)} steps, {plan.count()} operations", file=sys.stderr)
    small = shrink(
        plan, progress=lambda p: print(f"{len(p.steps)} steps", end="\r", file=sys.stderr)
    )
    print(small.to_json())
    return _show(small, options)


def _show(plan: Plan, options: argparse.Namespace) -> int:
    result = run(plan, trace=True)
    if options.save:
        options.save.write_text(plan.to_json())
    print("\n".join(result.trace[-options.calls :]))
    print(
        f"{plan.style}, {plan.cache_bytes} bytes of cache, {plan.block_bytes or 'default'} of a "
        "block"
    )
    print(
        f"{plan.profile} seed {plan.seed}: {result.operations} operations, {result.lives} lives, "
        f"{result.calls} port calls; "
        + (f"VIOLATION {result.violation}" if result.violation else "ok")
    )
    return 1 if result.violation else 0


def _report(options: argparse.Namespace) -> int:
    saved = json.loads(options.json.read_text())
    tallies = sum_up(tally.from_json(json.dumps(one)) for one in saved["tallies"])
    options.html.write_text(report.html(tallies, saved["command"]), encoding="utf-8")
    print(options.html)
    if options.docs:
        figures.replace_section(options.docs, "run", figures.run_table(tallies, saved["command"]))
        figures.replace_section(options.docs, "flips", figures.flip_table(tallies["flips"]))
    return 0


def _mutants(options: argparse.Namespace) -> int:
    from sim.hunts.hunt import hunt  # noqa: PLC0415 - compiles kernels, which no other command needs

    table, wrong = hunt(seeds=options.seeds, workers=options.workers, fast=options.fast)
    if options.docs:
        figures.replace_section(options.docs, "mutants", table)
    return 1 if wrong else 0


def _tables(options: argparse.Namespace) -> int:
    for name, table in (
        ("profiles", figures.profile_table()),
        ("clauses", figures.clause_table()),
    ):
        print(table)
        if options.docs:
            figures.replace_section(options.docs, name, table)
    return 0


def _digests(options: argparse.Namespace) -> int:
    del options
    print(json.dumps(digests(), indent=4))
    return 0


if __name__ == "__main__":
    sys.exit(main())
