"""Bodies of answers: like the vendors' own, damaged ones, and anything else."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from ordersync_dagster.sandbox import dispute, invoice_payment, refund
from ordersync_dagster.sandbox.world.sessions import CREATED
from ordersync_dagster_tests.fuzz.canned import Canned
from ordersync_dagster_tests.support.strategies import JSON, PRINTFUL_ORDERS, SESSIONS, damaged

STATUSES = st.sampled_from([200] * 12 + [201, 302, 400, 401, 403, 404, 418, 429, 500])


def as_body(value: Any) -> bytes:
    """JSON as a vendor without care would write it: NaN, huge numbers and half surrogate pairs included."""
    return json.dumps(value, default=_number, skipkeys=True).encode()


def _number(value: object) -> Any:
    assert isinstance(value, Decimal)
    return str(value) if value.is_nan() else float(value)


_ODD_IDS = st.builds(
    lambda row_id, created: {"id": row_id, "created": created},
    st.sampled_from([None, [], {}, 1, True, "", "\ud800", "cs_test_1"]),
    st.sampled_from([CREATED, CREATED - 90_000, None, 10**30]),
)


def _lists(key: str, rows: st.SearchStrategy[Any], more: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Any]:
    listed = st.lists(rows | _ODD_IDS | JSON, max_size=4) | JSON
    return st.builds(lambda found, rest: {key: found, **rest}, listed, more)


_MORE = st.fixed_dictionaries({}, optional={"has_more": st.booleans() | JSON})
_TOTAL = st.sampled_from([0, 1, 3, 1000, 10**30, -1]) | JSON
_PAGING = st.fixed_dictionaries({"paging": st.fixed_dictionaries({"total": _TOTAL}) | JSON})


def _answers(bodies: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Canned]]:
    written = st.one_of(bodies.map(as_body), bodies.map(as_body), JSON.map(as_body), st.binary(max_size=40))
    return st.lists(st.tuples(STATUSES, written), min_size=1, max_size=4)


SESSION_PAGES = _answers(_lists("data", SESSIONS, _MORE))
_MONEY_BACK = damaged(refund()) | damaged(dispute()) | damaged(dispute(status="lost")) | damaged(invoice_payment())
REFUND_PAGES = _answers(_lists("data", _MONEY_BACK, _MORE))
PRINTFUL_PAGES = _answers(
    st.one_of(_lists("result", PRINTFUL_ORDERS, _PAGING), st.builds(lambda order: {"result": order}, PRINTFUL_ORDERS))
)
