"""The health of the shop's webhook: as text for people, as JSON for scripts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ordersync_dagster.core.money import amount_text
from ordersync_dagster.core.outages import Outage
from ordersync_dagster.core.text import counted
from ordersync_dagster.core.webhook_health import HealthOfDay, WebhookHealth

WEBHOOKS_VERSION = 1  # changes only when a field's meaning does
DELETED = "A missing order may also be one that somebody deleted: no record tells the two apart."
HEALTH_COLUMNS = ("day (UTC)", "payments", "late", "recovered", "missing", "lost", "p50", "p95")
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))


def webhooks_text(health: WebhookHealth) -> str:
    """Figures, outages with their commands, a line for each day with payments, and notes."""
    lines = [_headline(health), "", *_outage_lines(health)]
    if health.alone:
        lines += ["", f"Lost or late, but not in an outage: {health.alone}"]
    if health.payments:
        lines += ["", *_table([HEALTH_COLUMNS, *(health_row(day) for day in health.days if day.payments)])]
    notes = [*health.notes, *([DELETED] if any(day.missing for day in health.days) else [])]
    return "\n".join([*lines, *(f"\n{note}" for note in notes)])


def outage_lines(outage: Outage) -> list[str]:
    """One outage: what was lost, when the webhook worked, and how to add what is missing."""
    lines = [outage.sentence]
    in_time = [f"until {_moment(outage.before)}"] if outage.before else []
    in_time += [f"again from {_moment(outage.after)}"] if outage.after else []
    if outage.is_ongoing:
        lines.append("It may go on: no order has come in time since. Look at your webhook and at Stripe's dashboard.")
    if in_time:
        lines.append(f"Orders came in time {' and '.join(in_time)} UTC.")
    if not outage.is_exact:
        lines.append("Its times are those of the checkouts, up to a day before the payments.")
    return [*lines, *_repair_lines(outage)]


def _repair_lines(outage: Outage) -> Iterator[str]:
    if outage.command:
        yield f"To add what is missing: {outage.command}"
        yield f"Or in Dagster, job daily_order_sync, partitions: {outage.backfill}"


def blocks_of_outages(health: WebhookHealth) -> list[list[str]]:
    """The lines of each outage; in their place, what is to be said where the shop never made an order itself."""
    never = [_never_worked_lines(health.never_worked)] if health.never_worked else []
    return [*never, *map(outage_lines, health.outages)]


def _never_worked_lines(lost: Outage) -> list[str]:
    return [
        f"The shop itself has made no order yet. Payments {lost.sentence}",
        "If its database is new, nothing is wrong. If a webhook should make the orders, it has never worked: look at "
        "it and at Stripe's dashboard.",
        *_repair_lines(lost),
    ]


def webhooks_json(health: WebhookHealth) -> str:
    """The same, with every figure."""
    return json.dumps({"schema_version": WEBHOOKS_VERSION, **health_document(health)}, ensure_ascii=True, indent=2)


def health_document(health: WebhookHealth) -> Mapping[str, Any]:
    """Every figure, to be a part of a document."""
    return {
        "window": {"start": health.window.start.isoformat(), "end": health.window.end.isoformat()},
        "payments": health.payments,
        "lost": health.lost,
        "lost_or_late_outside_outages": health.alone,
        "outages": [outage_document(each) for each in health.outages],
        "never_worked": outage_document(health.never_worked) if health.never_worked else None,
        "days": [_day_document(day) for day in health.days],
        "notes": list(health.notes),
    }


def outage_document(outage: Outage) -> Mapping[str, Any]:
    """One outage as JSON; amounts are whole minor units, times are those of the first and the last payment."""
    return {
        "first": outage.first.isoformat(),
        "last": outage.last.isoformat(),
        "in_time_before": outage.before.isoformat() if outage.before else None,
        "in_time_after": outage.after.isoformat() if outage.after else None,
        "is_ongoing": outage.is_ongoing,
        "is_exact": outage.is_exact,
        "orders": outage.orders,
        "missing": outage.missing,
        "recovered": outage.recovered,
        "late": outage.late,
        "money": [
            {"currency": currency, "amount_minor": amount, "text": amount_text(amount, currency)}
            for currency, amount in outage.money
        ],
        "sentence": outage.sentence,
        "command": outage.command,
        "backfill": outage.backfill,
    }


def _day_document(day: HealthOfDay) -> Mapping[str, Any]:
    return {
        "day": str(day.day),
        "is_exact": day.is_exact,
        "payments": day.payments,
        "in_time": day.in_time,
        "late": day.late,
        "recovered": day.recovered,
        "missing": day.missing,
        "loss_rate": day.loss_rate,
        "delays_known": day.delays,
        "delay_p50_seconds": day.p50,
        "delay_p95_seconds": day.p95,
    }


def _headline(health: WebhookHealth) -> str:
    first, last = health.days[0].day, health.days[-1].day
    lost = f"{health.lost} lost" + (f" ({_percent(health.lost / health.payments)})" if health.lost else "")
    late = sum(day.late for day in health.days)
    figures = f"{counted(health.payments, 'payment')}, {counted(late, 'order')} late, {lost}"
    figures = figures if health.payments else "no payments"
    return f"Webhook from {first} to {last} (UTC): {figures}"


def _outage_lines(health: WebhookHealth) -> Iterator[str]:
    if not (found := blocks_of_outages(health)):
        yield "No outage was found."
        return
    yield "No order from a webhook:" if health.never_worked else "Outages:"
    for sentence, *others in found:
        yield f"  {sentence}"
        yield from (f"    {line}" for line in others)


def health_row(day: HealthOfDay) -> Sequence[str]:
    """One day in the order of HEALTH_COLUMNS."""
    name = str(day.day) if day.is_exact else f"{day.day} ~"
    counts = (day.payments, day.late, day.recovered, day.missing)
    return (name, *map(str, counts), _percent(day.loss_rate or 0), _duration(day.p50), _duration(day.p95))


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        rest = (text.rjust(width) for text, width in zip(others, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *rest])


def _percent(rate: float) -> str:
    return f"{rate:.0%}" if not rate or rate >= 0.1 else f"{rate:.1%}"


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return "–"
    return next((f"{seconds // size} {unit}" for size, unit in _UNITS if seconds >= size), f"{seconds} s")


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
