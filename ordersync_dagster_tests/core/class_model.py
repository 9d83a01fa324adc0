"""What docs/runbook.md and docs/printful.md promise of one order, written slowly and without the product's code."""

from dataclasses import dataclass

STATUSES = (
    "pending", "processing", "shipped", "delivered", "completed", "failed", "refunded", "returned", "cancelled", "odd",
)  # fmt: skip
PAYMENTS = ("kept", "part back", "back", "refund on its way", "disputed")
WORDS = (
    "draft", "pending", "inreview", "onhold", "inprocess", "partial", "fulfilled", "failed", "canceled", "archived",
    "missing",
)  # fmt: skip
BECOMES = {
    **dict.fromkeys(("draft", "pending", "onhold", "inprocess"), "processing"),
    "partial": "shipped", "fulfilled": "delivered", "failed": "failed", "canceled": "cancelled",
}  # fmt: skip
MOVES = {
    "processing": ("failed", "shipped", "delivered", "cancelled"),
    "failed": ("processing", "shipped", "delivered", "cancelled"),
    "shipped": ("delivered",),
}
TO_BE_MADE = ("draft", "pending", "inreview", "onhold", "inprocess")


@dataclass(frozen=True)
class Case:
    """One order in the shop, its payment at Stripe, and its Printful order."""

    status: str
    payment: str
    word: str
    age: int  # days since Printful got it, and since it was sent
    made: int  # pieces; two are paid
    is_dear: bool  # costs more than was paid
    sets_refunded: bool


def promised(case: Case) -> set[str]:
    """The classes of problems that a run over this order has to tell."""
    status = after_stripe(case)
    found = about_payment(case, status)
    if case.word == "missing":
        return found | {"missing_at_printful"}
    found |= about_status(case.word, status) | about_goods(case, status)
    if "failed" in (case.status, status) and can_be_revived(case.word, status):
        found -= {"paid_but_not_live"}
    for urgent, others in (
        ("refunded_but_shipping", {"payment_refunded", "regress_blocked", "unknown_status"}),
        ("disputed_but_shipping", {"disputed"}),
        ("cancelled_at_printful", {"paid_but_not_live"}),
        ("stuck_at_printful", {"paid_but_not_live"}),
    ):
        found -= others if urgent in found else set()
    return found


def after_stripe(case: Case) -> str:
    if case.payment == "back" and case.sets_refunded and case.status not in ("returned", "cancelled", "odd"):
        return "refunded"
    return "processing" if case.status == "pending" and case.payment in ("kept", "part back") else case.status


def about_payment(case: Case, status: str) -> set[str]:
    says_paid = status not in ("pending", "cancelled", "failed", "refunded", "returned")
    found: set[str] = set()
    if case.payment in ("back", "refund on its way") and says_paid:
        found.add("payment_refunded")
    if case.payment == "disputed" and status not in ("refunded", "returned"):
        found.add("disputed")
    if case.payment == "part back" and says_paid and status not in ("delivered", "completed"):
        found.add("partly_refunded")
    if case.payment in ("kept", "part back") and status in ("cancelled", "failed"):
        found.add("paid_but_not_live")
    return found


def about_status(word: str, status: str) -> set[str]:
    if word not in BECOMES:
        return {"unknown_status"}
    becomes = BECOMES[word]
    if status in (becomes, "refunded") or (status, becomes) == ("completed", "delivered"):
        return set()
    return set() if status == "pending" or becomes in MOVES.get(status, ()) else {"regress_blocked"}


def can_be_revived(word: str, status: str) -> bool:
    return BECOMES.get(word) in MOVES.get(status, ()) and BECOMES[word] != "cancelled"


def about_goods(case: Case, status: str) -> set[str]:
    is_judged = case.status not in ("refunded", "returned")  # of these nobody asks what became of the payment
    is_kept = case.payment in ("kept", "part back") if is_judged else None
    is_back = (is_judged and case.payment in ("back", "refund on its way")) or status == "refunded"
    found: set[str] = set()
    is_late = case.word == "fulfilled" and case.age > 14
    if is_back and case.word in (*TO_BE_MADE, "partial", "fulfilled") and not is_late:
        found.add("refunded_but_shipping")
    elif is_judged and not is_back and case.payment == "disputed" and case.word in (*TO_BE_MADE, "partial"):
        found.add("disputed_but_shipping")
    if is_kept and case.is_dear and case.word not in ("failed", "canceled"):
        found.add("negative_margin")
    if is_kept is False:
        return found
    if case.word in ("failed", "canceled"):
        is_paid = status in ("processing", "failed") or (status in ("pending", "cancelled") and is_kept)
        found |= {"cancelled_at_printful"} if is_paid else set()
    elif case.made < 2 and case.payment != "part back" and status not in ("cancelled", "refunded", "returned"):
        found.add("goods_missing")
    is_waiting = status in ("processing", "failed") or (status == "pending" and is_kept)
    if case.word in ("draft", "pending", "onhold") and is_waiting and case.age > 1:
        found.add("stuck_at_printful")
    return found
