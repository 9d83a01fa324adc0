"""stdin, stdout and stderr as the caller gave them: closed, full, or in an encoding that lacks some characters."""

import io
import os
import sys
from typing import TextIO

from ordersync_dagster.cli.console import say
from ordersync_dagster.core.exit_codes import FAILED, OK

_NAMES = ("stdin", "stdout", "stderr")  # by file descriptor


def prepare_streams() -> None:
    """Make each stream usable: a closed one goes nowhere, and no character stops the output."""
    for number, name in enumerate(_NAMES):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, _nowhere(number))
        elif isinstance(stream, io.TextIOWrapper) and number:
            _write_all_characters(stream)


def _nowhere(number: int) -> TextIO:
    """A stream on the closed descriptor, so that no file that is opened later gets its number."""
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing != number:
        os.dup2(nothing, number)
        os.close(nothing)
    return open(number, "w" if number else "r", encoding="utf-8", closefd=False)  # as long as the process


def _write_all_characters(stream: io.TextIOWrapper) -> None:
    """ASCII becomes UTF-8, as Python itself does for the locale C; elsewhere a missing character is escaped."""
    if stream.encoding.lower().replace("-", "") in ("ascii", "usascii", "ansi_x3.41968", "646"):
        stream.reconfigure(encoding="utf-8")
    stream.reconfigure(errors="backslashreplace")


def delivered(code: int) -> int:
    """The exit code `code`, or 1 where all went well and stdout does not take the result."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return undelivered(error, code)
    return code


def undelivered(error: OSError, code: int = FAILED) -> int:
    """Say that stdout does not take the result, and drop the rest of the output."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):  # who reads has seen enough, as `head` does
        say(f"ordersync: the result could not be written to stdout: {error.strerror}. What was done stays.")
    return FAILED if code == OK else code
