"""What a run tells of Printful orders that no order names is what the documents promise: none missed, none doubled."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ordersync_dagster.core.orders import StoredOrder
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.unclaimed import Unclaimed, decide_unclaimed
from ordersync_dagster_tests.core.unclaimed_model import (
    MAKES,
    NAMES,
    OF_AN_ORDER,
    Channels,
    Nobodys,
    promised_of_nobodys,
)
from ordersync_dagster_tests.support.builders import printful_answer, stored_order

NOW = 1_790_000_000
CASES = st.builds(
    Nobodys, st.sampled_from(NAMES), st.sampled_from([*MAKES, "draft"]), st.sampled_from([30, 600]), st.booleans(),
    st.booleans(), st.booleans(),
)  # fmt: skip


@given(st.lists(CASES, max_size=4), st.builds(Channels, st.booleans(), st.sampled_from([None, True, False])))
def test_an_order_that_nobody_names_gets_what_the_documents_promise(cases: list[Nobodys], channels: Channels) -> None:
    plan = decide_unclaimed(facts_of(cases, channels))
    told = Counter(
        (str(each.problem_class), name)
        for each in plan.problems
        for name in (each.ids.get("printful_order_id") or each.ids["printful_order_ids"]).split(", ")
        if not name.startswith("9")
    )
    expected = {
        (name, str(place + 1)) for place, each in enumerate(cases) for name in promised_of_nobodys(each, channels)
    }
    assert told == Counter(expected)
    assert plan.change_count == 0


def facts_of(cases: list[Nobodys], channels: Channels) -> Unclaimed:
    rows = {
        str(name_of(place, each)): row_of(place, each) for place, each in enumerate(cases) if each.name in OF_AN_ORDER
    }
    twins = {f"{place + 1}": row_of(50 + place, None) for place, each in enumerate(cases) if each.is_twin}
    return Unclaimed(
        free=tuple(answer_of(place, each) for place, each in enumerate(cases)),
        rows=rows,
        twins=twins,
        alive={f"{9000 + place}" for place in range(100)},
        unpaid={str(name_of(place, each)) for place, each in enumerate(cases) if each.name == "a payment of nobody"},
        names_by_id=channels.names_by_id,
        other_channels=channels.setting,
        now=NOW,
    )


def row_of(place: int, each: Nobodys | None) -> StoredOrder:
    """The order behind a name; without a case, the one that has the same goods."""
    status = "refunded" if each and each.is_refunded else "processing"
    own = f"{9000 + place}" if each is None or each.has_own else None
    return stored_order(id=f"order-{place}", session_id=f"cs_test_{place}", status=status, printful_order_id=own)


def name_of(place: int, each: Nobodys) -> str | None:
    if each.name is None:
        return None
    if "payment" in each.name:
        return f"pi_{place}"
    return str(4711 + place) if each.name == "a number" else str(UUID(int=place, version=4))


def answer_of(place: int, each: Nobodys) -> PrintfulOrder:
    return printful_answer(
        id=place + 1, external_id=name_of(place, each), status=each.word, created=NOW - 60 * each.minutes
    )
