"""One plan in short transactions: some hundred orders each, and fewer where the database refuses or a lock is kept."""

from collections.abc import Iterator
from typing import Protocol

from ordersync_dagster.adapters.database.engine.errors import LOCKED
from ordersync_dagster.adapters.database.rows.refused_plans import halves_of, refusal_of
from ordersync_dagster.core.errors import DatabaseRefusedError, RowLockedError
from ordersync_dagster.core.part import Applied
from ordersync_dagster.core.plan import Plan

ORDERS_PER_TRANSACTION = 500  # a longer one lets the shop's own programs wait for its rows
MAX_LOCKED_ORDERS = 3  # so many are waited for one by one; a program that changes the table locks them all


class Write(Protocol):
    """One transaction, tried again a few times, or once."""

    def __call__(self, plan: Plan, *, is_last_attempt: bool = False) -> Applied: ...


def write_in_pieces(plan: Plan, write: Write) -> Applied:
    """Every change of `plan`; raises what `write` raises, but for the refusal of an order."""
    return sum((_written(piece, write) for piece in _pieces(plan, ORDERS_PER_TRANSACTION)), Applied())


def _pieces(plan: Plan, size: int) -> Iterator[Plan]:
    """The same changes in plans of at most `size` orders, in their order."""
    for start in range(0, len(plan.inserts), size):
        yield Plan(plan.day, inserts=plan.inserts[start : start + size])
    updates = (*plan.completions, *plan.updates)
    for start in range(0, len(updates), size):
        yield Plan(plan.day, updates=updates[start : start + size])


def _written(plan: Plan, write: Write) -> Applied:
    try:
        return write(plan)
    except RowLockedError:
        return _one_by_one(plan, write)
    except DatabaseRefusedError as error:
        halves = halves_of(plan)
        if not halves:
            return Applied(refused=(refusal_of(plan, error),))
    first, second = (_written(half, write) for half in halves)
    return first + second


def _one_by_one(plan: Plan, write: Write) -> Applied:
    """Raises RowLockedError for the locked orders when the others are written."""
    applied, locked = Applied(), 0
    for piece in _pieces(plan, 1):
        try:
            applied += write(piece, is_last_attempt=True)
        except RowLockedError:
            locked += 1
            if locked == MAX_LOCKED_ORDERS:
                break
        except DatabaseRefusedError as error:
            applied += Applied(refused=(refusal_of(piece, error),))
    if locked:
        raise RowLockedError(LOCKED)
    return applied
