"""The classes of problems: each with its severity, whether it needs a person, and the advice to the shop's owner."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self


class Severity(StrEnum):
    """`error` is counted and makes the exit code 1; `notice` is only listed."""

    ERROR = "error"
    NOTICE = "notice"


class ProblemClass(StrEnum):
    """Every class of problem, with its severity and the advice to the shop's owner.

    The next run may solve one that `needs_person` does not name. docsite/problems.toml says what each class means.
    """

    severity: Severity
    needs_person: bool
    advice: str

    def __new__(cls, name: str, severity: Severity, advice: str, needs_person: bool = True) -> Self:
        member = str.__new__(cls, name)
        member._value_, member.severity, member.needs_person, member.advice = name, severity, needs_person, advice
        return member

    MALFORMED_SESSION = (
        "malformed_session",
        Severity.ERROR,
        "Look at the session at Stripe, and make the order by hand, with its stripe_session_id.",
    )
    MISSING_EMAIL = (
        "missing_email",
        Severity.ERROR,
        "Look at the payment at Stripe, ask the customer for an address, and make the order by hand, with "
        "its stripe_session_id.",
    )
    UNKNOWN_CURRENCY = (
        "unknown_currency",
        Severity.ERROR,
        "Make the order by hand, with its stripe_session_id, and report the currency to us.",
    )
    AMOUNT_DOES_NOT_FIT = (
        "amount_does_not_fit",
        Severity.ERROR,
        "Widen the column that the sentence names, and run again.",
    )
    TEXT_DOES_NOT_FIT = (
        "text_does_not_fit",
        Severity.ERROR,
        "Widen the column that the sentence names, or correct the text at Stripe or Printful, and run again.",
    )
    MALFORMED_PRINTFUL_ORDER = (
        "malformed_printful_order",
        Severity.ERROR,
        "Look at the order at Printful, and correct the shop's order by hand.",
    )
    STRIPE_NOT_READ = "stripe_not_read", Severity.ERROR, "Run again. If it comes again, ask Stripe's support.", False
    PRINTFUL_NOT_ASKED = (
        "printful_not_asked",
        Severity.ERROR,
        "Run again. If it comes again, look at Printful's status page and at PRINTFUL_API_KEY.",
        False,
    )
    DATABASE_REFUSED = (
        "database_refused",
        Severity.ERROR,
        "Change the column, key, trigger or rule that the sentence names, and run again.",
    )
    KEPT_CHANGING = (
        "kept_changing",
        Severity.ERROR,
        "Run again. If it comes again, look which program keeps writing the order.",
        False,
    )
    NOT_AS_PLANNED = (
        "not_as_planned",
        Severity.ERROR,
        "Make a new dry run, and look at what is left.",
        False,
    )
    MISSING_AT_PRINTFUL = (
        "missing_at_printful",
        Severity.NOTICE,
        "Look at Printful whether the order was deleted. If another one takes its place, correct printful_order_id; "
        "if not, send it again.",
    )
    UNKNOWN_STATUS = (
        "unknown_status",
        Severity.NOTICE,
        "Look at the order at Printful, set the shop's status by hand, and report the word to us.",
    )
    REGRESS_BLOCKED = (
        "regress_blocked",
        Severity.NOTICE,
        "Look which of the two is right, and correct the shop's status or the order at Printful.",
    )
    ITEMS_MISMATCH = (
        "items_mismatch",
        Severity.NOTICE,
        "Compare the items of both sides by hand, and correct the one that is wrong.",
    )
    AMBIGUOUS_MATCH = (
        "ambiguous_match",
        Severity.NOTICE,
        "Compare the orders by hand, set the right printful_order_id, and cancel at Printful what is there twice.",
    )
    DUPLICATE_ORDER = (
        "duplicate_order",
        Severity.NOTICE,
        "Keep one order for each paid session and cancel the others; where the one order names no session, "
        "set its stripe_session_id.",
    )
    SUPERSEDED_SESSION = (
        "superseded_session",
        Severity.NOTICE,
        "If it is one purchase with one order, nothing is missing: acknowledge it. If it has two orders, cancel one. "
        "If it is another purchase, make its order by hand, with its stripe_session_id.",
    )
    DOUBLE_PAYMENT = (
        "double_payment",
        Severity.NOTICE,
        "Ask the customer before you send the goods a second time, and refund what was paid too much.",
    )
    PAID_BUT_NOT_LIVE = "paid_but_not_live", Severity.NOTICE, "Make the order live, or refund the payment."
    ORDER_WITHOUT_PAYMENT = (
        "order_without_payment",
        Severity.NOTICE,
        "Cancel the order and its Printful order; if goods were sent, ask the customer to pay.",
    )
    DISPUTED = "disputed", Severity.NOTICE, "Answer the dispute at Stripe, and send no goods before it is decided."
    PARTLY_REFUNDED = "partly_refunded", Severity.NOTICE, "Send only the goods that are still paid."
    PAYMENT_REFUNDED = "payment_refunded", Severity.NOTICE, "Cancel what is not sent yet, and set the order's status."
    REFUND_UNKNOWN = (
        "refund_unknown",
        Severity.NOTICE,
        "Look at the payment at Stripe before you send the goods; if the key lacks the permission "
        "“Invoices: Read”, add it.",
    )
    ORDER_DISAGREES = "order_disagrees", Severity.NOTICE, "Look which value is right, and correct the order by hand."
    OTHER_EMAIL = "other_email", Severity.NOTICE, "If the customer was not erased, fill name and address by hand."
    UNREADABLE_COLUMN = (
        "unreadable_column",
        Severity.NOTICE,
        "Correct the value of the column by hand: it must be a JSON object.",
    )
    POSSIBLE_LINK = (
        "possible_link",
        Severity.NOTICE,
        "If the Printful order is this order's, set printful_order_id. Do not send it again before you have looked.",
    )
    UNFULFILLED = "unfulfilled", Severity.NOTICE, "Send the order to Printful: its customer waits."
    STUCK_AT_PRINTFUL = (
        "stuck_at_printful",
        Severity.NOTICE,
        "Confirm the order at Printful, or look what it waits for.",
    )
    CANCELLED_AT_PRINTFUL = (
        "cancelled_at_printful",
        Severity.NOTICE,
        "Look whether another Printful order takes its place; if not, order the goods again or refund the customer.",
    )
    NOT_DELIVERED = (
        "not_delivered",
        Severity.NOTICE,
        "Look at the parcel's tracking, ask the customer for the right address, and send the goods again or refund "
        "the customer.",
    )
    GOODS_MISSING = (
        "goods_missing",
        Severity.NOTICE,
        "Look whether another Printful order has the rest; if not, order it at Printful or send it yourself.",
    )
    NOT_LOOKED_AT = "not_looked_at", Severity.NOTICE, "Run again with Printful before you send anything.", False
    REFUNDED_BUT_SHIPPING = (
        "refunded_but_shipping",
        Severity.NOTICE,
        "Cancel the order at Printful at once; where the goods are sent, have the parcel stopped or ask them back.",
    )
    DISPUTED_BUT_SHIPPING = (
        "disputed_but_shipping",
        Severity.NOTICE,
        "Have Printful stop the order until the dispute is decided, and answer the dispute at Stripe.",
    )
    ORPHAN_PRINTFUL = (
        "orphan_printful",
        Severity.NOTICE,
        "Cancel the order at Printful, or set the printful_order_id of the order that it is made for.",
    )
    DUPLICATE_FULFILMENT = (
        "duplicate_fulfilment",
        Severity.NOTICE,
        "Cancel at Printful the order that is too many, unless you sent the goods again on purpose.",
    )
    LATE_PAYMENT = (
        "late_payment",
        Severity.NOTICE,
        "Look whether the goods and prices are still the same, and tell the customer that the order goes on.",
    )
    NEGATIVE_MARGIN = (
        "negative_margin",
        Severity.NOTICE,
        "Look at your prices, at the shipping that the customer paid, and at Printful's costs.",
    )


CLASSES: Mapping[str, ProblemClass] = {str(each): each for each in ProblemClass}
