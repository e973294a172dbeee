"""``likely check-family``: what ``check_family`` finds, on the terminal."""

from __future__ import annotations

import sys

from likely.cli.errors import library_errors
from likely.cli.own_family import family_of
from likely.cli.say import Voice


def run(family: str, *, json: bool) -> None:
    """Print the report; ends the process with 1 where a check failed."""
    from likely.report.family_check import check_family

    found = family_of(family)
    voice = Voice(json=json)
    with voice.step(f"check {family}"), library_errors():
        report = check_family(found)
    voice.document(
        {
            "family": repr(report.family),
            "passed": report.passed,
            "checks": [vars(check) for check in report.checks],
        }
    )
    if voice.speaks:
        print(report)
    if not report.passed:
        sys.exit(1)
