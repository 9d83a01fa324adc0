"""What a run makes of an order without a Printful id is what the documents promise: none missed, none doubled."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ordersync_dagster.core.decide_links import decide_links
from ordersync_dagster.core.limits import Limits
from ordersync_dagster.core.links import Links
from ordersync_dagster.core.orders import LineItem, as_stored
from ordersync_dagster.core.payment_state import PaymentState
from ordersync_dagster.core.printful_order import PrintfulOrder
from ordersync_dagster.core.unlinked import Unlinked
from ordersync_dagster.sandbox import printful_item
from ordersync_dagster_tests.core.link_model import LINKED, MONEY, NAMES, RECIPIENTS, Candidate, Waiting, promised_of
from ordersync_dagster_tests.support.builders import new_order, printful_answer, stored_order

ADDRESS = {"name": "Asta Example", "line1": "1 Test Street", "postal_code": "LV-1010", "country": "LV"}
SESSION = new_order(line_items=(LineItem(2, Decimal(13)),), shipping_address=ADDRESS)
PEOPLE = {
    "the same": {"email": "Asta@example.com", "name": None, "zip": None},
    "another": {"email": "ida@example.com", "name": "Ida Other", "zip": "99999"},
    "unknown": {"email": None, "name": None, "zip": None},
}
CANDIDATES = st.builds(
    Candidate, st.sampled_from(NAMES), st.sampled_from(RECIPIENTS), st.sampled_from([-30, -2, 0, 50, 400]),
    st.sampled_from([1, 2, 3]), st.sampled_from(["inprocess", "fulfilled", "canceled"]), st.booleans(),
)  # fmt: skip
OF_GOODS = ("goods_missing", "disputed_but_shipping")  # about the order that was linked, not about the link
WAITING = st.builds(Waiting, st.booleans(), st.sampled_from([2, 30]), st.sampled_from(MONEY))


@given(WAITING, st.lists(CANDIDATES, max_size=3))
def test_an_order_without_a_link_gets_what_the_documents_promise(order: Waiting, candidates: list[Candidate]) -> None:
    plan = decide_links(links_of(order, candidates), Limits())
    of_links = [str(each.problem_class) for each in plan.problems if each.problem_class not in OF_GOODS]
    assert sorted([*of_links, *([LINKED] * len(plan.updates))]) == sorted(promised_of(order, candidates))


def links_of(order: Waiting, candidates: list[Candidate]) -> Links:
    row = as_stored(SESSION) if order.is_recovered else stored_order(printful_order_id=None, status="processing")
    unknown, disputed = PaymentState(unknown="the list could not be read"), PaymentState(disputes=("du_1",))
    state = {"kept": PaymentState(), "disputed": disputed, "nobody knows": unknown}[order.money]
    free = [answer_of(place, each, row.id) for place, each in enumerate(candidates)]
    return Links(
        (Unlinked(row, SESSION, state),),
        tuple(free),
        taken_back={row.id: [str(place + 1) for place, each in enumerate(candidates) if each.was_linked]},
        now=int((SESSION.created + timedelta(hours=order.hours)).timestamp()),
    )


def answer_of(place: int, each: Candidate, order_id: str) -> PrintfulOrder:
    names = {"the payment": SESSION.payment_intent_id, "the order's id": order_id, "another name": "4711", None: None}
    made = SESSION.created + timedelta(hours=each.hours)
    return printful_answer(
        id=place + 1, external_id=names[each.name], status=each.word, created=int(made.timestamp()),
        recipient=PEOPLE[each.recipient], items=[printful_item(quantity=each.pieces)],
    )  # fmt: skip
