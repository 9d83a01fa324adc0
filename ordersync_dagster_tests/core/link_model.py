"""What docs/printful.md and docs/logs.md promise of an order without a Printful id, slowly and without the product."""

from dataclasses import dataclass

NAMES = ("the payment", "the order's id", "another name", None)
RECIPIENTS = ("the same", "another", "unknown")
MONEY = ("kept", "disputed", "nobody knows")
LINKED = "linked"


@dataclass(frozen=True)
class Candidate:
    """A Printful order that no order names; `hours` after the payment, and with so many pieces, where two are paid."""

    name: str | None
    recipient: str
    hours: int
    pieces: int
    word: str
    was_linked: bool  # a run linked it, and somebody took that back


@dataclass(frozen=True)
class Waiting:
    """An order that waits: added by a run or by the shop, so many hours ago."""

    is_recovered: bool
    hours: int
    money: str


def promised_of(order: Waiting, candidates: list[Candidate]) -> set[str]:
    """`linked`, or the classes that a run has to tell of the order."""
    named = [each for each in candidates if each.name in ("the payment", "the order's id")]
    qualified = [each for each in named if not contradicts(each) and each.word != "canceled"]
    if len(qualified) > 1:
        return {"ambiguous_match"}
    if qualified:
        return {"possible_link"} if qualified[0].was_linked else {LINKED}
    if any(contradicts(each) and each.word != "canceled" for each in named):
        return {"possible_link"}
    if any(resembles(each) for each in candidates):
        return {"possible_link"}
    if order.money != "disputed" and any(each.word == "canceled" and not contradicts(each) for each in named):
        return {"cancelled_at_printful"}
    return {"unfulfilled"} if order.money == "kept" and (order.is_recovered or order.hours > 24) else set()


def contradicts(each: Candidate) -> bool:
    return each.hours < -24 or each.recipient == "another" or each.pieces > 2


def resembles(each: Candidate) -> bool:
    """The same recipient, from a day before to two weeks after the payment."""
    return each.recipient == "the same" and -24 <= each.hours <= 14 * 24 and each.word != "canceled"
