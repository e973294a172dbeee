"""A user's mistake ends a command with one message and exit code 1; a bug keeps its traceback."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class UserError(Exception):
    """What the user asked for cannot be done; the message says why and what would help."""


@contextmanager
def library_errors(prefix: str = "") -> Iterator[None]:
    """Inside, the library's own complaints about its input, formulas among it, are the user's to correct."""
    from likely._math.graph import NoViewError

    try:
        yield
    except (ValueError, TypeError, FloatingPointError, NoViewError) as error:
        raise UserError(prefix + str(error)) from error


def one_message(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that a user can correct into one line on stderr."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        from likely.data.errors import DataError
        from likely.storage import ModelFileError

        try:
            return command(*args, **kwargs)
        except (UserError, DataError, ModelFileError, FileNotFoundError) as error:
            message = _os_words(error) if isinstance(error, OSError) else str(error)
            _stop(message, 1)
        except BrokenPipeError:
            # Whoever read our output has seen enough (likely families | head).
            sys.stderr.close()
            sys.exit(0)
        except OSError as error:
            _stop(_os_words(error), 1)
        except MemoryError as error:
            _stop(f"out of memory ({error}); leave out wide columns with --drop", 1)
        except KeyboardInterrupt as error:
            _stop(str(error) or "interrupted; no file was left half-written", 130)

    return guarded


def _os_words(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.strerror is None:
        return str(error)
    return f"{where}{error.strerror[0].lower()}{error.strerror[1:]}"


def _stop(message: str, code: int) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)
