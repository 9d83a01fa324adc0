"""Proofs of days as text: a few lines for each day, then all days together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from ordersync_dagster.core.money import amount_text
from ordersync_dagster.core.proof import NOT_PROVED, DayProof, DayState, Side
from ordersync_dagster.core.proof_changes import ProofChange
from ordersync_dagster.core.text import visible

_MAX_LINES = 20  # of one day; --json has all


def proof_sentence(proof: DayProof) -> str:
    """The state of a day, and why it does not hold."""
    if not proof.has_figures:
        return f"not proved: {NOT_PROVED[proof.state]}"
    if proof.state is DayState.HOLDS:
        return "holds"
    more = f" (and {len(proof.faults) - 1} more)" if len(proof.faults) > 1 else ""
    return visible(f"does not hold: {proof.faults[0]}{more}")


_Sums = Mapping[str, int]  # minor units by currency


def proofs_text(
    days: Sequence[DayProof],
    changes: Sequence[ProofChange] | None = None,
    refunded: Mapping[date, _Sums] | None = None,
) -> str:
    """Every day, newest first; with `changes` since a proof that was made before, and what was `refunded` then."""
    then = refunded or {}
    lines = [line for each in days for line in (*_day_lines(each, changes, then.get(each.day)), "")]
    moved = sum(_is_other(each.refunded, then.get(each.day)) for each in days)
    return "\n".join([*lines, *_together(days, changes, moved)])


def _is_other(refunded: _Sums | None, then: _Sums | None) -> bool:
    return refunded is not None and then is not None and refunded != then


def _refunded(refunded: _Sums | None, then: _Sums | None) -> list[str]:
    if not refunded and not _is_other(refunded, then):
        return []
    was = f" ({_sums(then or {})} when the proof was made)" if _is_other(refunded, then) else ""
    return [f"  Refunded since: {_sums(refunded or {})}{was}"]


def _day_lines(proof: DayProof, changes: Sequence[ProofChange] | None, then: _Sums | None) -> list[str]:
    if not proof.has_figures:
        return [f"{proof.day}: not proved: {NOT_PROVED[proof.state]}"]
    moved = [each for each in changes or () if each.day == proof.day]
    head = f"{proof.day}: {'holds' if proof.is_proved else 'does not hold'}"
    if changes is not None:
        head += f", {_number(len(moved), 'change')} since the proof" if moved else ", nothing changed"
    if not (proof.stripe.count or proof.shop.count or proof.faults or moved):
        return [f"{head}, no paid session"]
    lines = [head, f"  Stripe: {_side(proof.stripe, 'session')}", f"  Shop:   {_side(proof.shop, 'order')}"]
    lines += _refunded(proof.refunded, then)
    lines += (
        [f"  {_number(len(proof.erased), 'session')} of erased customers, without an order"] if proof.erased else []
    )
    return [*lines, *_cut([f"  ✗ {visible(fault)}" for fault in proof.faults]), *_cut(list(map(_change, moved)))]


def _change(change: ProofChange) -> str:
    noun, place = ("session", "at Stripe") if change.side == "stripe" else ("order", "in the shop")
    what = {"came": f"+ new {place}", "went": f"- gone {place}", "changed": f"~ changed {place}"}[change.what]
    amounts = " → ".join(each.text for each in (change.before, change.after) if each is not None)
    return visible(f"  {what}: {noun} {change.id}{f' ({amounts})' if amounts else ''}")


def _side(side: Side, noun: str) -> str:
    sums = f", {_sums(side.sums)}" if side.sums else ""
    return f"{_number(side.count, noun)}{sums}, sha256 {side.ids_sha256}"


def _sums(sums: Mapping[str, int]) -> str:
    return " + ".join(amount_text(amount, currency) for currency, amount in sorted(sums.items())) or "nothing"


def _together(days: Sequence[DayProof], changes: Sequence[ProofChange] | None, refunds: int) -> list[str]:
    compared = [each for each in days if each.has_figures]
    head = _headline(days)
    if changes is not None:
        head += f" {_number(len(changes), 'change') if changes else 'Nothing changed'} since the proof"
        head += f", but refunds of {_number(refunds, 'day')}." if refunds else "."
    lines = [head]
    for name, sides in (("session", [each.stripe for each in compared]), ("order", [each.shop for each in compared])):
        sums = _added(side.sums for side in sides)
        where = "Stripe: " if name == "session" else "Shop:   "
        lines += [f"{where}{_number(sum(side.count for side in sides), name)}, {_sums(sums)}"] if sums else []
    return lines


def _headline(days: Sequence[DayProof]) -> str:
    if len(days) != 1:
        return f"{sum(each.is_proved for each in days)} of {len(days)} days hold."
    (day,) = days
    return f"The day {'holds' if day.is_proved else 'does not hold' if day.has_figures else 'is not proved'}."


def _added(sums: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for each in sums:
        total.update(each)
    return total


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _cut(lines: list[str]) -> list[str]:
    rest = len(lines) - _MAX_LINES
    return [*lines[:_MAX_LINES], f"  … and {rest} more (--json lists all)"] if rest > 0 else lines
