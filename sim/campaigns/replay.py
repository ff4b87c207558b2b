"""How to see a violation again: one command, whatever run it came from.

A plan of a profile is drawn again from its seed. Any other plan is saved, and so outlives what
made it. Absent on purpose: the trace; the command shows it.
"""

from pathlib import Path

from sim.plans.plan import from_json
from sim.plans.profiles import PROFILES

SAVED = Path(".cache", "sim")


def how_to_replay(text: str, folder: Path = SAVED) -> str:
    """Return the command that replays a plan, given as JSON; save the plan if it has no seed."""
    if not text:
        return "this broke while a case was prepared: python -m sim run --profile <its name>"
    plan = from_json(text)
    if plan.profile in PROFILES:
        return f"python -m sim replay --profile {plan.profile} --seed {plan.seed}"
    words = f"failed {plan.profile.replace(':', '')} {plan.style} {plan.seed}".split()
    path = folder / ("-".join(words) + ".json")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return f"python -m sim replay --plan {path}"
