"""The three sides of a period, compared: three frames, joined. Read it from top to bottom.

A payment is a paid Checkout Session. An order belongs to the payment whose session it names, else to the one whose
payment intent it names, else to the one that names it by its reference. Every payment and every order then has exactly
one `Reason`, so that the reasons explain the whole difference of the money. Sums are whole minor units, never floats.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ordersync_dagster.core.seen import SeenOrder, SeenPrintfulOrder, SeenSession, ThreeSides, returned_minor
from ordersync_dagster.report.drift.reconciled import (
    LACK_ORDER,
    CurrencySums,
    Difference,
    Disagreement,
    Reason,
    Reconciliation,
    Span,
)

if TYPE_CHECKING:
    import pandas

_MADE_NO_MONEY = ("pending", "failed", "cancelled")  # such an order without a payment claims no money
_MONEY_BACK = ("refunded", "returned")
_NOT_MADE = ("missing", "not asked", "draft", "canceled", "failed", "unreadable")  # Printful has charged nothing


def reconcile(sides: ThreeSides) -> Reconciliation:
    """Compare the three sides."""
    sessions = _sessions_frame(sides)
    payments = sessions[sessions["is_paid"]]
    orders = _belonging(_frame(sides.orders, SeenOrder), sessions, sides.references)
    orders["reason"] = _reasons_of_orders(orders, sessions)
    payments = payments.merge(_first_orders(orders), on="session_id", how="left")
    payments["reason"] = _reasons_of_payments(payments)
    counted = orders[orders["reason"] != Reason.NOT_COUNTED]
    made = _made(counted, _frame(sides.printful_orders, SeenPrintfulOrder))
    differences = _differences(payments, counted)
    return Reconciliation(
        money=_money(payments, counted, made, sides),
        differences=differences,
        spans=_spans(payments),
        disagreements=(*_disagreements_of_payments(payments), *_disagreements_of_orders(counted)),
        payments=len(payments),
        orders=len(counted),
        unreadable=int(payments["amount"].isna().sum() + counted["amount"].isna().sum()),
    )


# 1. The frames. Money and times are Int64, which holds None; text is text or None.


def _frame(rows: tuple[Any, ...], kind: Any) -> "pandas.DataFrame":
    import pandas

    columns = dict(zip(kind._fields, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(kind._fields, ())
    whole = {"amount", "created", "cost"}
    types = {name: "Int64" if name in whole else "bool" if name.startswith("is_") else "object" for name in columns}
    return pandas.DataFrame({name: pandas.Series([*cells], dtype=types[name]) for name, cells in columns.items()})


def _sessions_frame(sides: ThreeSides) -> "pandas.DataFrame":
    import pandas

    frame = _frame(sides.sessions, SeenSession)
    frame["fate"] = _looked_up(frame["session_id"], sides.fates).fillna(Reason.UNDECIDED.value)
    moments = pandas.to_datetime(frame["created"], unit="s", utc=True)
    frame["day"] = moments.dt.strftime("%Y-%m-%d").astype("object")
    frame["hour"] = moments.dt.hour.astype("Int64")
    return frame


def _looked_up(column: "pandas.Series[Any]", values: Mapping[str, Any]) -> "pandas.Series[Any]":
    import pandas

    return pandas.Series([values.get(key) for key in column], index=column.index, dtype="object")


# 2. Which order belongs to which payment.


def _belonging(
    orders: "pandas.DataFrame", sessions: "pandas.DataFrame", references: Mapping[str, str]
) -> "pandas.DataFrame":
    by_session = orders["session_id"].where(orders["session_id"].isin(sessions["session_id"]))
    named = sessions[sessions["is_paid"] & sessions["payment"].notna()].drop_duplicates("payment")
    by_payment = _looked_up(orders["payment"], dict(zip(named["payment"], named["session_id"], strict=True)))
    by_reference = _looked_up(orders["order_id"], references)
    belongs_to = by_session.combine_first(by_payment).combine_first(by_reference)
    rank = by_session.isna().astype(int)  # the order that names the session itself comes first
    found = orders.assign(belongs_to=belongs_to.astype("object"), rank=rank)
    found = found.sort_values(["rank", "created", "order_id"], kind="stable").reset_index(drop=True)
    found["is_first"] = ~found.duplicated("belongs_to") & found["belongs_to"].notna()
    return found


def _first_orders(orders: "pandas.DataFrame") -> "pandas.DataFrame":
    first = orders[orders["is_first"]]
    names = {name: f"order_{name}" for name in ("status", "amount", "currency", "printful_id", "is_recovered")}
    columns = ["belongs_to", "order_id", *names]
    return first[columns].rename(columns={"belongs_to": "session_id", **names})


# 3. One reason for each.


def _reasons_of_orders(orders: "pandas.DataFrame", sessions: "pandas.DataFrame") -> "pandas.Series[Any]":
    is_paid = _looked_up(orders["belongs_to"], dict(zip(sessions["session_id"], sessions["is_paid"], strict=True)))
    reason = _looked_up(orders["order_id"], dict.fromkeys(orders["order_id"], Reason.AGREES.value))
    reason[~orders["is_first"]] = Reason.SECOND_ORDER.value
    reason[orders["belongs_to"].isna()] = Reason.NO_PAYMENT.value
    reason[is_paid.eq(False)] = Reason.UNPAID.value
    claims_nothing = orders["status"].isin(_MADE_NO_MONEY) & reason.isin([Reason.NO_PAYMENT, Reason.UNPAID])
    reason[claims_nothing] = Reason.NOT_COUNTED.value
    return reason


def _reasons_of_payments(payments: "pandas.DataFrame") -> "pandas.Series[Any]":
    has_order = payments["order_id"].notna()
    is_same = (payments["amount"] == payments["order_amount"]) & (payments["currency"] == payments["order_currency"])
    reason = payments["fate"].where(payments["fate"].isin([*LACK_ORDER]), Reason.UNDECIDED.value)
    reason[has_order] = Reason.OTHER_AMOUNT.value
    reason[has_order & is_same.fillna(False).astype(bool)] = Reason.AGREES.value
    return reason


# 4. The money: the sum of each reason that stands on one side alone.


def _differences(payments: "pandas.DataFrame", orders: "pandas.DataFrame") -> tuple[Difference, ...]:
    import pandas

    lacking = payments[payments["reason"].isin([*LACK_ORDER])]
    other = payments[payments["reason"] == Reason.OTHER_AMOUNT]
    extra = orders[orders["reason"] != Reason.AGREES]
    is_other_currency = other["currency"] != other["order_currency"]
    parts = [
        _signed(lacking["reason"], lacking["currency"], -lacking["amount"], 1),
        _signed(other["reason"], other["currency"], -other["amount"], 1),
        _signed(other["reason"], other["order_currency"], other["order_amount"], is_other_currency),
        _signed(extra["reason"], extra["currency"], extra["amount"], 1),
    ]  # fmt: skip
    sums = pandas.concat(parts).groupby(["currency", "reason"], sort=True)[["count", "amount"]].sum()
    return tuple(
        Difference(str(currency), Reason(reason), int(count), int(amount))
        for (currency, reason), count, amount in zip(sums.index, sums["count"], sums["amount"], strict=True)
    )


def _signed(reason: Any, currency: Any, amount: Any, count: Any) -> "pandas.DataFrame":
    import pandas

    columns = {"reason": reason, "currency": currency, "amount": amount.fillna(0), "count": count}
    return pandas.DataFrame(columns).astype({"amount": "Int64", "count": "int64"}).dropna(subset=["currency"])


def _made(orders: "pandas.DataFrame", printful: "pandas.DataFrame") -> "pandas.DataFrame":
    named = printful["printful_id"].isin(orders["printful_id"].dropna())
    return printful[named & ~printful["word"].isin(_NOT_MADE) & printful["currency"].notna()]


def _money(
    payments: "pandas.DataFrame", orders: "pandas.DataFrame", made: "pandas.DataFrame", sides: ThreeSides
) -> tuple[CurrencySums, ...]:
    refunded = orders[orders["status"].isin(_MONEY_BACK)]
    returned: dict[str, int] = {}
    for payment in sides.reversals.returned.keys() & set(payments["payment"].dropna()):
        for currency, amount in returned_minor(sides.reversals, payment).items():
            returned[currency] = returned.get(currency, 0) + amount
    paid, ordered = _sums(payments, "amount"), _sums(orders, "amount")
    costs, back = _sums(made, "cost"), _sums(refunded, "amount")
    nothing = (0, 0)
    return tuple(
        CurrencySums(
            each,
            *paid.get(each, nothing),
            *ordered.get(each, nothing),
            returned.get(each, 0),
            back.get(each, nothing)[1],
            *costs.get(each, nothing),
        )
        for each in sorted({*paid, *ordered, *costs, *returned})
    )


def _sums(rows: "pandas.DataFrame", column: str) -> dict[str, tuple[int, int]]:
    """By currency: how many, and their sum."""
    groups = rows.dropna(subset=["currency"]).groupby("currency")[column]
    return {str(key): (int(count), int(total)) for key, count, total in zip(*_sized(groups), strict=True)}


def _sized(groups: Any) -> tuple[Any, Any, Any]:
    sizes = groups.size()
    return sizes.index, sizes, groups.sum()


# 5. When it happened, and every payment and order that does not agree.


def _spans(payments: "pandas.DataFrame") -> tuple[Span, ...]:
    known = payments[payments["day"].notna()]
    table = known[["day"]].assign(
        hour=known["hour"] // 4 * 4,
        paid=1,
        missing=known["order_id"].isna() & (known["reason"] != Reason.TOO_RECENT),
        recovered=known["order_is_recovered"].eq(True),
    )
    sums = table.groupby(["day", "hour"], sort=True)[["paid", "missing", "recovered"]].sum()
    rows = zip(sums.index, sums["paid"], sums["missing"], sums["recovered"], strict=True)
    return tuple(Span(str(day), int(hour), int(paid), int(gone), int(back)) for (day, hour), paid, gone, back in rows)


def _disagreements_of_payments(payments: "pandas.DataFrame") -> list[Disagreement]:
    found = payments[payments["reason"] != Reason.AGREES].sort_values(["created", "session_id"])
    columns = (
        "reason", "day", "session_id", "payment", "order_id", "order_printful_id", "order_status", "amount", "currency",
        "order_amount", "order_currency",
    )  # fmt: skip
    return _disagreements(found, columns)


def _disagreements_of_orders(orders: "pandas.DataFrame") -> list[Disagreement]:
    found = orders[orders["reason"] != Reason.AGREES].sort_values(["created", "order_id"])
    named = found["belongs_to"].fillna(found["session_id"]).where(lambda each: each != "", None)
    found = found.assign(session_id=named, day=None, paid=None, paid_currency=None)
    columns = (
        "reason", "day", "session_id", "payment", "order_id", "printful_id", "status", "paid", "paid_currency",
        "amount", "currency",
    )  # fmt: skip
    return _disagreements(found, columns)


def _disagreements(rows: "pandas.DataFrame", columns: tuple[str, ...]) -> list[Disagreement]:
    import pandas

    cells = [[None if pandas.isna(cell) else cell for cell in rows[name].astype("object")] for name in columns]
    return [Disagreement(Reason(row[0]), *row[1:]) for row in zip(*cells, strict=True)]
