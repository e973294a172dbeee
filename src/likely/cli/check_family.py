"""``likely check-family``: what ``check_family`` finds, on the terminal."""

from __future__ import annotations

import runpy
import sys
from typing import Any

from likely.cli.errors import UserError, library_errors
from likely.cli.family_text import parse_family
from likely.cli.say import Voice
from likely.data.errors import nearest
from likely.recipe import Family


def run(family: str, *, json: bool) -> None:
    """Print the report; ends the process with 1 where a check failed."""
    from likely.report.family_check import check_family

    path, colon, name = family.rpartition(":")
    found = _from_file(path, name) if colon else parse_family(family)
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


def _from_file(path: str, name: str) -> Any:
    """The family called ``name`` that running the file at ``path`` defines."""
    try:
        with library_errors(f"{path}: "):
            namespace = runpy.run_path(path)
    except SyntaxError as error:
        raise UserError(f"{path}, line {error.lineno}: {error.msg}") from None
    except ImportError as error:
        raise UserError(f"{path}: {error}") from None
    families = {
        key: value
        for key, value in namespace.items()
        if isinstance(value, type) and issubclass(value, Family) and _of_user(value, namespace)
    }
    if name not in families:
        known = f" It defines: {', '.join(families)}" if families else " It defines none"
        raise UserError(f"{path} defines no family {name!r}{nearest(name, families)}{known}")
    with library_errors(f"{path}: "):
        return families[name]()


def _of_user(family: type, namespace: dict[str, Any]) -> bool:
    """Whether the user wrote it; one without a formula, in this file, is for its own error to tell."""
    return hasattr(family, "log_density") or family.__module__ == namespace["__name__"]
