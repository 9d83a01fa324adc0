"""Records that could not be decided: a class, ids, one sentence; the rest goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


class Severity(StrEnum):
    """`error` is counted and makes the exit code 1; `notice` is only listed."""

    ERROR = "error"
    NOTICE = "notice"


class ProblemClass(StrEnum):
    """Every class of problem, with its severity; docs/logs.md says how to solve each."""

    severity: Severity

    def __new__(cls, name: str, severity: Severity) -> Self:
        member = str.__new__(cls, name)
        member._value_, member.severity = name, severity
        return member

    MALFORMED_SESSION = "malformed_session", Severity.ERROR
    MISSING_EMAIL = "missing_email", Severity.ERROR
    UNKNOWN_CURRENCY = "unknown_currency", Severity.ERROR
    AMOUNT_DOES_NOT_FIT = "amount_does_not_fit", Severity.ERROR
    TEXT_DOES_NOT_FIT = "text_does_not_fit", Severity.ERROR
    MALFORMED_PRINTFUL_ORDER = "malformed_printful_order", Severity.ERROR
    STRIPE_NOT_READ = "stripe_not_read", Severity.ERROR
    PRINTFUL_NOT_ASKED = "printful_not_asked", Severity.ERROR
    DATABASE_REFUSED = "database_refused", Severity.ERROR
    KEPT_CHANGING = "kept_changing", Severity.ERROR
    MISSING_AT_PRINTFUL = "missing_at_printful", Severity.NOTICE
    UNKNOWN_STATUS = "unknown_status", Severity.NOTICE
    REGRESS_BLOCKED = "regress_blocked", Severity.NOTICE
    ITEMS_MISMATCH = "items_mismatch", Severity.NOTICE
    AMBIGUOUS_MATCH = "ambiguous_match", Severity.NOTICE
    DUPLICATE_ORDER = "duplicate_order", Severity.NOTICE
    SUPERSEDED_SESSION = "superseded_session", Severity.NOTICE
    DOUBLE_PAYMENT = "double_payment", Severity.NOTICE
    PAID_BUT_NOT_LIVE = "paid_but_not_live", Severity.NOTICE
    ORDER_WITHOUT_PAYMENT = "order_without_payment", Severity.NOTICE
    DISPUTED = "disputed", Severity.NOTICE
    PARTLY_REFUNDED = "partly_refunded", Severity.NOTICE
    PAYMENT_REFUNDED = "payment_refunded", Severity.NOTICE
    REFUND_UNKNOWN = "refund_unknown", Severity.NOTICE
    ORDER_DISAGREES = "order_disagrees", Severity.NOTICE
    OTHER_EMAIL = "other_email", Severity.NOTICE
    UNREADABLE_COLUMN = "unreadable_column", Severity.NOTICE
    POSSIBLE_LINK = "possible_link", Severity.NOTICE
    UNFULFILLED = "unfulfilled", Severity.NOTICE
    STUCK_AT_PRINTFUL = "stuck_at_printful", Severity.NOTICE
    CANCELLED_AT_PRINTFUL = "cancelled_at_printful", Severity.NOTICE
    GOODS_MISSING = "goods_missing", Severity.NOTICE
    NOT_LOOKED_AT = "not_looked_at", Severity.NOTICE


@dataclass(frozen=True, slots=True)
class Problem:
    """One record that could not be decided. `ids` names it; `sentence` never holds personal data."""

    problem_class: ProblemClass
    sentence: str
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return self.problem_class.severity

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR
