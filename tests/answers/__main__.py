"""Prints the table of the catalogue: caught or accepted, and the message each answer got.

    python -m tests.answers [2_2 2_4-P1 ...]

``make answers`` runs it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.answers.catalogue import all_answers
from tests.answers.runner import score_answer


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", help="ids such as 2_2-M8, or their beginnings")
    chosen = parser.parse_args().only
    answers = [
        answer
        for answer in all_answers()
        if not chosen or any(str(answer).startswith(prefix) for prefix in chosen)
    ]
    counts = dict.fromkeys(["accepted", "right", "caught", "wrong", "named", "misleading"], 0)
    # A process a core, each of which forks: forking from threads is not safe.
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        for result in pool.map(score_answer, answers):
            answer, failure = result.answer, result.failure
            full = result.points == result.max_points
            counts["right" if answer.right else "wrong"] += 1
            counts["accepted"] += answer.right and full
            counts["caught"] += not answer.right and not full
            counts["named"] += result.is_named
            counts["misleading"] += bool(result.misleading)
            verdict = {
                (True, True): "accepted",
                (True, False): "REJECTED",
                (False, True): "MISSED",
                (False, False): "caught, named" if result.is_named else "caught",
            }[answer.right, full]
            points = f"{result.points:g}/{result.max_points:g}"
            message = (failure.message or "") if failure else ""
            expected = f" [expected {answer.causes}]" if failure and not result.is_named else ""
            print(f"{answer!s:12} {verdict:14} {points:>6}  {answer.description}")
            if message:
                print(f"{'':34}{failure.cause}: {message.splitlines()[0][:300]}{expected}")
            if result.misleading:
                print(f"{'':34}MISLEADING: {', '.join(result.misleading)}")
            sys.stdout.flush()
    print(
        f"\nright answers accepted: {counts['accepted']} of {counts['right']}; "
        f"wrong answers caught: {counts['caught']} of {counts['wrong']}, "
        f"with their cause named: {counts['named']}{_share(counts['named'], counts['wrong'])}, "
        f"misleading: {counts['misleading']}{_share(counts['misleading'], counts['wrong'])}"
    )


def _share(part: int, whole: int) -> str:
    return f" ({part / whole:.0%})" if whole else ""


if __name__ == "__main__":
    main()
