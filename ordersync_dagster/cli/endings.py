"""How a command ends: one sentence on stderr, and an exit code of the contract."""

import errno
import traceback
from collections.abc import Callable
from typing import Any

import typer

from ordersync_dagster.cli.console import say
from ordersync_dagster.cli.streams import delivered, undelivered
from ordersync_dagster.cli.wrong_values import wrong_value
from ordersync_dagster.core.errors import BusyError, OrderSyncError, UsageError
from ordersync_dagster.core.exit_codes import BUSY, FAILED, OK, USAGE
from ordersync_dagster.core.window import WindowError

_NOT_TAKEN = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)  # of a write to stdout
CLICK_INTERRUPTED = 130  # click's exit code for a KeyboardInterrupt; not in our contract


def exit_code(error: OrderSyncError) -> int:
    """2 where a retry cannot help, 75 where it is only too early, else 1."""
    if isinstance(error, UsageError):
        return USAGE
    return BUSY if isinstance(error, BusyError) else FAILED


def ended(run: Callable[[], object]) -> int:
    """Run a command; errors become one sentence on stderr. Returns the exit code."""
    return delivered(_ended(run))


def _ended(run: Callable[[], object]) -> int:
    try:
        status = run()
    except OrderSyncError as error:
        say(f"ordersync: {error}")
        return exit_code(error)
    except WindowError as error:
        say(f"ordersync: {error}")
        return USAGE
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except typer.Exit as stop:
        return stop.exit_code
    except BrokenPipeError as error:
        return undelivered(error)
    except Exception as error:  # noqa: BLE001  # the last stop; its text must not be shown
        if not hasattr(error, "format_message"):  # typer's errors of wrong options have it
            if isinstance(error, OSError) and error.errno in _NOT_TAKEN and error.filename is None:
                return undelivered(error)
            return _unforeseen(error)
        _show(error)
        return USAGE
    if status == CLICK_INTERRUPTED:
        return _interrupted()
    return status if isinstance(status, int) else OK


def _show(error: Any) -> None:
    """Print an error of wrong usage as click does; a wrong value in our own words."""
    if sentence := wrong_value(error):
        error.format_message = lambda: sentence
    error.show()


def _interrupted() -> int:
    say("ordersync: interrupted; what was committed stays, the next run takes up the rest")
    return FAILED


def _unforeseen(error: Exception) -> int:
    """Print place and kind only: the text of an error that is not ours may hold anything."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    say(f"{frames}ordersync: an error that nobody foresaw ({type(error).__name__}); please report the lines above")
    return FAILED
