"""Records that could not be decided: a class, ids, one sentence; the rest goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """`error` is counted and makes the exit code 1; `notice` is only listed."""

    ERROR = "error"
    NOTICE = "notice"


class ProblemClass(StrEnum):
    """Every class of problem there is; its severity is in `SEVERITY`."""

    MALFORMED_SESSION = "malformed_session"
    MISSING_EMAIL = "missing_email"
    UNKNOWN_CURRENCY = "unknown_currency"
    AMOUNT_DOES_NOT_FIT = "amount_does_not_fit"
    TEXT_DOES_NOT_FIT = "text_does_not_fit"
    MALFORMED_PRINTFUL_ORDER = "malformed_printful_order"
    PRINTFUL_NOT_ASKED = "printful_not_asked"
    DATABASE_REFUSED = "database_refused"
    KEPT_CHANGING = "kept_changing"
    MISSING_AT_PRINTFUL = "missing_at_printful"
    UNKNOWN_STATUS = "unknown_status"
    REGRESS_BLOCKED = "regress_blocked"
    ITEMS_MISMATCH = "items_mismatch"
    AMBIGUOUS_MATCH = "ambiguous_match"
    DUPLICATE_ORDER = "duplicate_order"
    ORDER_DISAGREES = "order_disagrees"
    UNREADABLE_COLUMN = "unreadable_column"
    POSSIBLE_LINK = "possible_link"
    UNFULFILLED = "unfulfilled"


SEVERITY: Mapping[ProblemClass, Severity] = {
    ProblemClass.MALFORMED_SESSION: Severity.ERROR,
    ProblemClass.MISSING_EMAIL: Severity.ERROR,
    ProblemClass.UNKNOWN_CURRENCY: Severity.ERROR,
    ProblemClass.AMOUNT_DOES_NOT_FIT: Severity.ERROR,
    ProblemClass.TEXT_DOES_NOT_FIT: Severity.ERROR,
    ProblemClass.MALFORMED_PRINTFUL_ORDER: Severity.ERROR,
    ProblemClass.PRINTFUL_NOT_ASKED: Severity.ERROR,
    ProblemClass.DATABASE_REFUSED: Severity.ERROR,
    ProblemClass.KEPT_CHANGING: Severity.ERROR,
    ProblemClass.MISSING_AT_PRINTFUL: Severity.NOTICE,
    ProblemClass.UNKNOWN_STATUS: Severity.NOTICE,
    ProblemClass.REGRESS_BLOCKED: Severity.NOTICE,
    ProblemClass.ITEMS_MISMATCH: Severity.NOTICE,
    ProblemClass.AMBIGUOUS_MATCH: Severity.NOTICE,
    ProblemClass.DUPLICATE_ORDER: Severity.NOTICE,
    ProblemClass.ORDER_DISAGREES: Severity.NOTICE,
    ProblemClass.UNREADABLE_COLUMN: Severity.NOTICE,
    ProblemClass.POSSIBLE_LINK: Severity.NOTICE,
    ProblemClass.UNFULFILLED: Severity.NOTICE,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One record that could not be decided. `ids` names it; `sentence` never holds personal data."""

    problem_class: ProblemClass
    sentence: str
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return SEVERITY[self.problem_class]

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR
