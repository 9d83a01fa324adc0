"""What became of a plan: each record is counted once, and each problem is said once."""

from dataclasses import replace

from ordersync_dagster.core.carried_out import DecidedAgain, carried_out
from ordersync_dagster.core.changes import AddItems, FillFields, InsertOrder, NewItem, OrderUpdate, SetStatus
from ordersync_dagster.core.part import Applied, Part
from ordersync_dagster.core.plan import Plan
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster.core.stripe_session import SessionProblem, Skip, SkipReason
from ordersync_dagster.core.summary import summarise
from ordersync_dagster_tests.support.builders import new_order, stored_order

FIRST, SECOND = (stored_order(id=f"order-{n}", session_id=f"cs_{n}", printful_order_id=None) for n in (1, 2))
ITEM = NewItem("item", "71", "4011", "Tee", 1, None, None, {})
SHIPPED, FILLED = SetStatus("processing", "shipped", "partial"), FillFields({"customer_name": "Kim"})


def said(of: ProblemClass, **ids: str) -> Problem:
    return Problem(of, "Something is odd.", ids)


def refused(session_id: str) -> Problem:
    return said(ProblemClass.DATABASE_REFUSED, stripe_session_id=session_id)


def update(seen: object, *changes: object) -> OrderUpdate:
    return OrderUpdate(seen, changes)  # type: ignore[arg-type]  # short, for tests


def test_a_refused_insert_is_an_error_and_not_added() -> None:
    plan = Plan(
        inserts=tuple(InsertOrder(new_order(session_id=f"cs_{n}")) for n in (1, 2)),
        skips=(Skip("cs_3", SkipReason.UNPAID),),
        notes=(
            said(ProblemClass.NOT_LOOKED_AT, stripe_session_id="cs_1"),
            said(ProblemClass.NOT_LOOKED_AT, stripe_session_id="cs_2"),
        ),
    )
    found = summarise(Part.of(plan, [Applied(orders_inserted=1, refused=(refused("cs_1"),))], [], []))
    assert (found.stripe_sessions_checked, found.stripe_sessions_added, found.stripe_sessions_skipped) == (3, 1, 1)
    assert (found.errors, found.notices) == (1, 1)


def test_a_refused_update_is_an_error_and_not_updated() -> None:
    plan = Plan(
        completions=(update(FIRST, FILLED), update(SECOND, FILLED)),
        updates=(update(FIRST, SHIPPED, AddItems((ITEM, ITEM))), update(SECOND, SHIPPED, AddItems((ITEM,)))),
        printful_orders=("order-1", "order-2"),
    )
    part = Part.of(plan, [Applied(refused=(refused("cs_1"),))], [], [])
    found = summarise(part)
    assert (found.printful_orders_checked, found.printful_orders_updated, found.printful_items_added) == (2, 1, 1)
    assert (found.orders_completed, found.errors) == (1, 1)
    assert [problem.ids for problem in part.problems] == [{"stripe_session_id": "cs_1"}]


def test_a_refused_update_of_an_order_without_a_session_is_known_by_its_id() -> None:
    plan = Plan(updates=(update(replace(FIRST, session_id=""), SHIPPED),))
    problem = said(ProblemClass.KEPT_CHANGING, order_id="order-1")
    assert carried_out(plan, [], [problem]) == Plan(notes=(problem,))


def test_where_nothing_was_refused_or_changed_the_plan_is_the_same() -> None:
    plan = Plan(updates=(update(FIRST, SHIPPED),), notes=(said(ProblemClass.UNKNOWN_STATUS, order_id="order-1"),))
    assert carried_out(plan, [], []) is plan
    part = Part.of(plan, [Applied(orders_updated=1)], [], [])
    assert (part.plan, part.applied) == (plan, (Applied(orders_updated=1),))


def test_a_completion_that_was_decided_again_is_there_once() -> None:
    plan = Plan(completions=(update(FIRST, FILLED), update(SECOND, FILLED)))
    again = [DecidedAgain(frozenset({"cs_1"}), Plan(completions=(update(FIRST, SHIPPED),)))]
    assert carried_out(plan, again, []).completions == (update(SECOND, FILLED), update(FIRST, SHIPPED))


def test_an_order_that_was_decided_again_counts_as_it_was_decided_last() -> None:
    old, new = (
        said(ProblemClass.UNKNOWN_STATUS, order_id="order-1"),
        said(ProblemClass.REGRESS_BLOCKED, order_id="order-1"),
    )
    other = said(ProblemClass.ITEMS_MISMATCH, order_id="order-2")
    plan = Plan(
        updates=(update(FIRST, SHIPPED, AddItems((ITEM,))), update(SECOND, SHIPPED)),
        printful_orders=("order-1", "order-2"),
        notes=(old, other),
    )
    again = [DecidedAgain(frozenset({"cs_1"}), Plan(printful_orders=("order-1",), notes=(new,)))]
    part = Part.of(plan, [Applied(stale_sessions=("cs_1",)), Applied()], again, [])
    assert part.problems == (other, new)
    found = summarise(part)
    assert (found.printful_orders_checked, found.printful_orders_updated, found.printful_items_added) == (2, 1, 0)


def test_only_the_last_of_three_decisions_counts() -> None:
    notes = [said(of, stripe_session_id="cs_1") for of in (ProblemClass.UNKNOWN_STATUS, ProblemClass.REGRESS_BLOCKED)]
    plan = Plan(updates=(update(FIRST, SHIPPED),), notes=(notes[0],))
    both = frozenset({"cs_1"})
    again = [
        DecidedAgain(both, Plan(updates=(update(FIRST, SHIPPED),), notes=(notes[0],))),
        DecidedAgain(both, Plan(completions=(update(FIRST, FILLED),), notes=(notes[1],))),
    ]
    assert carried_out(plan, again, []) == Plan(completions=(update(FIRST, FILLED),), notes=(notes[1],))


def test_an_order_that_keeps_changing_is_one_error_and_no_update() -> None:
    plan = Plan(updates=(update(FIRST, SHIPPED),))
    again = [DecidedAgain(frozenset({"cs_1"}), plan)]
    problem = said(ProblemClass.KEPT_CHANGING, stripe_session_id="cs_1")
    assert carried_out(plan, again, [problem]) == Plan(notes=(problem,))


def test_a_refused_insert_is_a_failed_session_and_nobody_waits_for_it() -> None:
    first, second = (InsertOrder(new_order(session_id=f"cs_{n}")) for n in (1, 2))
    waits = [said(ProblemClass.UNFULFILLED, stripe_session_id=f"cs_{n}") for n in (1, 2)]
    odd = said(ProblemClass.UNKNOWN_STATUS, stripe_session_id="cs_1")
    plan = Plan(inserts=(first, second), notes=(*waits, odd))
    assert carried_out(plan, [], [refused("cs_1")]) == Plan(
        inserts=(second,), failed_sessions=(SessionProblem("cs_1", refused("cs_1")),), notes=(waits[1], odd)
    )


def test_of_three_decisions_the_changes_of_each_order_are_those_of_its_last() -> None:
    plan = Plan(updates=(update(FIRST, FILLED), update(SECOND, FILLED)))
    again = [
        DecidedAgain(frozenset({"cs_1", "cs_2"}), Plan(updates=(update(FIRST, SHIPPED), update(SECOND, SHIPPED)))),
        DecidedAgain(frozenset({"cs_2"}), Plan(updates=(update(SECOND, FILLED),))),
    ]
    assert carried_out(plan, again, []).updates == (update(FIRST, SHIPPED), update(SECOND, FILLED))


def test_of_an_order_that_was_decided_three_times_the_last_word_counts() -> None:
    def again(session: str, kind: ProblemClass) -> DecidedAgain:
        return DecidedAgain(frozenset({session}), Plan(notes=(said(kind, stripe_session_id=session),)))

    decided = [
        again("cs_1", ProblemClass.DISPUTED),
        again("cs_2", ProblemClass.DISPUTED),
        again("cs_1", ProblemClass.REGRESS_BLOCKED),
    ]
    assert len(carried_out(Plan(), decided, []).problems) == 3  # the second left cs_1 alone
    decided = [decided[0], again("cs_1", ProblemClass.PARTLY_REFUNDED), decided[1]]
    told = [each.problem_class for each in carried_out(Plan(), decided, []).problems]
    assert told == [ProblemClass.PARTLY_REFUNDED, ProblemClass.DISPUTED]
