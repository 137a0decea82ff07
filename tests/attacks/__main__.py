"""Prints what each attack gains from stock nbgrader, and from this project's grading.

    python -m tests.attacks [--ours | --stock] [--keep FOLDER] [id ...]

``make attacks`` runs it. An id may be the beginning of ids, or a number of the catalogue. With
stock nbgrader, attacks that stop or spoil the grading of others get a course of their own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from tests.attacks.attack import Attack
from tests.attacks.corpus import ATTACKS, NOT_HERE
from tests.attacks.harness import Course, Run, grade

#: How many attacks are graded together by stock nbgrader.
GROUP = 8


def chosen(names: list[str]) -> list[Attack]:
    """Return the attacks of these names."""
    return [
        attack
        for attack in ATTACKS
        if not names
        or any(attack.id.startswith(name) or name in attack.number.split() for name in names)
    ]


def describe(attack: Attack, run: Run) -> str:
    """Say in a line what an attack has gained and done."""
    outcome = run.outcomes[attack.id]
    parts = [f"+{outcome.unearned:g} points"] if outcome.unearned else []
    parts += [f"lost {', '.join(outcome.lost)}"] if outcome.lost else []
    parts += ["batch stopped or spoilt"] if not run.finished else []
    parts += ["not graded"] if not outcome.traces.graded else []
    no_page = outcome.traces.graded and not outcome.traces.page
    parts += ["no feedback"] if no_page else []
    parts += ["escaped"] if outcome.escaped else []
    parts += ["secret shown"] if outcome.traces.secrets else []
    parts += ["script in feedback"] if outcome.traces.active else []
    parts += ["hidden tests shown"] if outcome.traces.hidden else []
    size = outcome.traces.size / 2**20
    parts += [f"{size:.0f} MB shown"] if size > 5 else []
    return ", ".join(parts) or "-"


def describe_batch(run: Run) -> str:
    """Say in a line what a batch has done to others."""
    parts = [f"changed {', '.join(run.changed)[:100]}"] if run.changed else []
    parts += [f"left {len(run.left)} processes"] if run.left else []
    parts += [f"heard {len(run.messages)} calls"] if run.messages else []
    return ", ".join(parts)


def group_of_stock(names: list[str], folder: Path, template: Path) -> None:
    """Print what attacks gain from stock nbgrader, as JSON: run in a process of its own."""
    attacks = [attack for attack in ATTACKS if attack.id in names]
    run = grade(attacks, folder, stock=True, template=template)
    (folder / "log.txt").write_text(run.log)
    effect = describe_batch(run)
    lines = {}
    for attack in attacks:
        gained = describe(attack, run).strip("-")
        lines[attack.id] = ", ".join(filter(None, [gained, effect])) or "-"
    print(json.dumps({"clean": run.finished and not effect, "lines": lines}))


def stock_table(attacks: list[Attack], folder: Path) -> dict[str, str]:
    """Return a line for each attack: what it gains from stock nbgrader.

    Attacks are graded in groups. Where one of a group does harm to others, its halves are graded
    again, each in a course of its own, until it is alone.
    """
    template = folder / "template"
    course = Course(template, stock=True)
    course.prepare()
    course.listeners.close()
    lines = {attack.id: f"not run: {attack.hurts}" for attack in attacks if attack.hurts}
    names = [attack.id for attack in attacks if attack.id not in lines]
    groups = [names[start : start + GROUP] for start in range(0, len(names), GROUP)]

    def grade_group(group: list[str]) -> None:
        place = folder / f"{group[0]}-{len(group)}"
        command = [sys.executable, "-m", "tests.attacks", "--group", *group]
        done = subprocess.run([*command, str(place), str(template)], capture_output=True, text=True)
        try:
            found = json.loads(done.stdout.splitlines()[-1])
        except (ValueError, IndexError):
            error = f"the harness failed: {done.returncode} {done.stderr[-300:]}"
            found = {"clean": False, "lines": dict.fromkeys(group, error)}
        if not found["clean"] and len(group) > 1:
            half = len(group) // 2
            grade_group(group[:half])
            grade_group(group[half:])
            return
        lines.update(found["lines"])
        for name in group:
            print(f"  stock: {name}: {lines[name]}", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(grade_group, groups))
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--ours", action="store_true", help="this project's grading only")
    parser.add_argument("--stock", action="store_true", help="stock nbgrader only")
    parser.add_argument("--keep", type=Path, help="keep everything in this (new) folder")
    parser.add_argument("--group", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.group:
        *names, place, template = options.ids
        group_of_stock(names, Path(place), Path(template))
        return
    attacks = chosen(options.ids)
    with tempfile.TemporaryDirectory(prefix="attacks-", ignore_cleanup_errors=True) as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        stock = {} if options.ours else stock_table(attacks, folder / "stock")
        run = None if options.stock else grade(attacks, folder / "ours", class_runs=1)
        width = max(len(attack.id) for attack in attacks)
        for attack in attacks:
            print(f"{attack.id:{width}}  {attack.number:8}  {attack.description}")
            if stock:
                print(f"{'':{width}}  stock: {stock[attack.id]}")
            if run:
                reasons = ", ".join(dict.fromkeys(run.outcomes[attack.id].reasons)) or "none"
                print(f"{'':{width}}  here:  {describe(attack, run)}; reasons: {reasons}")
        print(f"\n{len(attacks)} attacks. No submission for: {NOT_HERE}")
        if run:
            (folder / "ours.json").write_text(json.dumps(asdict(run), default=str, indent=1))
            (folder / "ours.log").write_text(run.log)
            print(
                f"This project's grading: {run.seconds:.0f} s, {run.memory / 2**20:.0f} MB of "
                f"memory, {run.disk / 2**20:.0f} MB written; {describe_batch(run) or 'no traces'}"
            )


if __name__ == "__main__":
    main()
