"""The messages of alerts, each as a whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ordersync_dagster.core.health import RunHealth
from ordersync_dagster.core.history import PastRun
from ordersync_dagster.core.known_problems import FoundBy, KnownProblem
from ordersync_dagster.core.orders import Price
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.report.alert_text import LONGEST, Message, News, alert_message, sample_message

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
SENTENCE = "Order 17 is paid and has nothing at Printful."


def run(hours_ago: float, state: str = "succeeded") -> PastRun:
    """A run that took six minutes."""
    started = NOW - timedelta(hours=hours_ago)
    ended = started + timedelta(minutes=6)
    return PastRun(f"run-{hours_ago}", "sync", None, state, None, started, ended, None, None, {})


def problem(
    number: int = 1,
    kind: ProblemClass = ProblemClass.UNFULFILLED,
    amount: str | None = "32.50",
    currency: str = "eur",
    hours_ago: float = 25,
) -> KnownProblem:
    since = NOW - timedelta(hours=hours_ago)
    return KnownProblem(
        id=f"p{number:012d}",
        problem_class=kind,
        sentence=SENTENCE,
        ids={"order_id": str(number)},
        amount=Price(Decimal(amount), currency) if amount else None,
        found_by=FoundBy.PRINTFUL,
        day=None,
        first_seen=since,
        last_seen=NOW,
        last_run="run-1",
        runs=3,
    )


WELL = RunHealth(first=run(80), last=run(1), succeeded=run(1))
NEWS = News("shop.db", NOW, WELL, 26)


def test_one_problem() -> None:
    assert alert_message(replace(NEWS, new=[problem(17)], left=1)) == Message(
        "ordersync: 1 new problem (unfulfilled)",
        """\
Order 17 is paid and has nothing at Printful.
Class: unfulfilled
Since: 22 Nov 2026 13:30 UTC (25 hours)
Amount: EUR 32.50
What to do: Send the order to Printful: its customer waits.
Look: ordersync problems show p000000000017

Shop: shop.db""",
    )


def test_many_problems_are_a_digest_by_class_with_the_three_oldest() -> None:
    waiting = [problem(n, hours_ago=100 - n) for n in range(1, 38)]
    disputed = [problem(50, ProblemClass.DISPUTED, "31", "usd"), problem(51, ProblemClass.DISPUTED, "800", "jpy")]
    new = [*disputed, *reversed(waiting), problem(60, ProblemClass.MALFORMED_SESSION, None)]
    assert alert_message(replace(NEWS, new=new, left=40)) == Message(
        "ordersync: 40 new problems",
        """\
unfulfilled: 37, the oldest since 19 Nov 2026 11:30 UTC, EUR 1,202.50
What to do: Send the order to Printful: its customer waits.
- 19 Nov 2026 11:30 UTC, order 1, EUR 32.50, p000000000001
- 19 Nov 2026 12:30 UTC, order 2, EUR 32.50, p000000000002
- 19 Nov 2026 13:30 UTC, order 3, EUR 32.50, p000000000003
- and 34 more

disputed: 2, the oldest since 22 Nov 2026 13:30 UTC, JPY 800 and USD 31.00
What to do: Answer the dispute at Stripe, and send no goods before it is decided.
- 22 Nov 2026 13:30 UTC, order 50, USD 31.00, p000000000050
- 22 Nov 2026 13:30 UTC, order 51, JPY 800, p000000000051

malformed_session: 1, since 22 Nov 2026 13:30 UTC
What to do: Look at the session at Stripe, and make the order by hand, with its stripe_session_id.
- 22 Nov 2026 13:30 UTC, order 60, p000000000060

Look: ordersync problems

Shop: shop.db""",
    )


def test_a_digest_begins_with_goods_that_printful_must_stop() -> None:
    new = [problem(n) for n in range(1, 38)] + [problem(50, ProblemClass.REFUNDED_BUT_SHIPPING, "31", "usd")]
    body = alert_message(replace(NEWS, new=new, left=40)).body
    assert body.startswith("refunded_but_shipping: 1")


def test_a_failed_run() -> None:
    health = RunHealth(run(80), run(1, "failed"), run(26), run(1, "failed"), run(1, "failed"), 1)
    why = "Stripe refused the key (401). Make a new one."
    assert alert_message(replace(NEWS, health=health, is_failing=True, why=why)) == Message(
        "ordersync: a run failed",
        """\
Run run-1 failed at 23 Nov 2026 13:36 UTC.
Why: Stripe refused the key (401). Make a new one.
The last successful run ended at 22 Nov 2026 12:36 UTC, 25 hours ago.
What to do: run `ordersync doctor` and correct what it names, then run `ordersync sync`.
Look: ordersync runs show run-1

Shop: shop.db""",
    )


def test_runs_of_dagster_are_named_by_their_pages_there() -> None:
    page = "https://dagster.example.com/runs/0b6c"
    health = RunHealth(run(80), run(1, "failed"), run(26), run(1, "failed"), run(1, "failed"), 1)
    news = replace(NEWS, health=health, is_failing=True, links={"run-1": page})
    assert f"\nLook: {page}\n" in alert_message(news).body
    one = alert_message(replace(NEWS, new=[problem(17)], links={"run-1": page}))
    assert f"\nLook: ordersync problems show p000000000017\nRun: {page}\n" in one.body
    several = alert_message(replace(NEWS, new=[problem(1), problem(2)], links={"run-1": page}))
    assert f"\n\nLook: ordersync problems\nRun: {page}\n\nShop: shop.db" in several.body


def test_a_long_address_of_a_run_shortens_the_digest_and_not_the_message() -> None:
    page = f"https://dagster.example.com/{'x' * 200}/runs/0b6c"
    new = [problem(n, kind) for n, kind in enumerate(ProblemClass, start=1)]
    body = alert_message(replace(NEWS, new=new, links={"run-1": page})).body
    assert len(body) <= LONGEST
    assert body.endswith(f"\nRun: {page}\n\nShop: shop.db")


def test_several_failed_runs_and_none_that_succeeded() -> None:
    health = RunHealth(run(3, "failed"), run(1, "failed"), None, run(3, "failed"), run(1, "failed"), 3)
    body = alert_message(replace(NEWS, health=health, is_failing=True)).body
    assert "3 runs failed since one succeeded.\nNo run has succeeded yet.\n" in body


def test_silence() -> None:
    health = RunHealth(first=run(80), last=run(31.1), succeeded=run(31.1))
    assert alert_message(replace(NEWS, health=health, is_silent=True)) == Message(
        "ordersync: no successful run for 31 hours",
        """\
The last successful run ended at 22 Nov 2026 07:30 UTC, 31 hours ago.
One is expected every 26 hours (ORDERSYNC_SILENCE_HOURS).
What to do: look whether the schedule is on (cron, CronJob, Dagster's daemon), run `ordersync doctor`, then \
`ordersync sync`.
Look: ordersync runs

Shop: shop.db""",
    )


def test_no_run_yet() -> None:
    message = alert_message(replace(NEWS, health=RunHealth(), is_silent=True))
    assert message.title == "ordersync: no run yet"
    assert message.body.startswith("No run has been recorded for this shop yet.\nWhat to do: ")


def test_over() -> None:
    over = [problem(1), problem(2), problem(3, ProblemClass.DISPUTED, "31.00", "usd")]
    assert alert_message(replace(NEWS, over=over, is_run_over=True)) == Message(
        "ordersync: over: 3 problems, a run succeeded",
        """\
Over: 3 problems (2 unfulfilled, 1 disputed), EUR 65.00 and USD 31.00.
Over: a run succeeded. The last successful run ended at 23 Nov 2026 13:36 UTC, 54 minutes ago.
Nothing needs a person now.

Shop: shop.db""",
    )


def test_what_is_left_is_said_where_something_is_over() -> None:
    assert "1 problem still needs a person. Look: ordersync status" in over_with(1)
    assert "2 problems still need a person. Look: ordersync status" in over_with(2)


def over_with(left: int) -> str:
    return alert_message(replace(NEWS, over=[problem()], left=left)).body


def test_new_and_over_are_one_message() -> None:
    message = alert_message(replace(NEWS, new=[problem(1), problem(2)], over=[problem(3)], left=2))
    assert message.title == "ordersync: 2 new problems; over: 1 problem"


def test_every_class_at_once_is_still_one_short_message() -> None:
    new = [problem(n, kind) for n, kind in enumerate([*ProblemClass] * 40)]
    new = [replace(each, sentence="x" * 5000, ids={"order_id": "0" * 36}) for each in new]
    health = RunHealth(run(80), run(1, "failed"), run(31), run(31, "failed"), run(1, "failed"), 9)
    news = replace(NEWS, new=new, over=new, health=health, is_failing=True, is_silent=True, is_run_over=True)
    for each in (news, replace(news, why="y" * 3000), replace(NEWS, new=new[:1]), replace(NEWS, new=new)):
        assert len(alert_message(each).body) <= LONGEST
        assert len(alert_message(each).title) < 200
    assert "What to do: " in alert_message(replace(NEWS, new=new)).body
    assert (
        f"more classes.\n\nLook: ordersync problems\n\nShop: {NEWS.target}"
        in alert_message(replace(NEWS, new=new)).body
    )


def test_a_sentence_cannot_forge_a_line_or_turn_the_text_around() -> None:
    body = alert_message(replace(NEWS, new=[replace(problem(), sentence="a\u202eb")])).body
    assert "a\\u202eb" in body


def test_the_test_says_that_it_is_one() -> None:
    assert sample_message("shop.db") == Message(
        "ordersync: test", "This is a test. Alerts of ordersync arrive here.\n\nShop: shop.db"
    )


def test_one_of_several_shops_is_named_in_the_subject_and_in_what_a_person_copies() -> None:
    def in_words(text: str) -> str:
        return text.replace("ordersync problems", "ordersync problems --shop prints")

    news = replace(NEWS, target="prints (shop.db)", shop="prints", new=[problem(17)], left=1)
    message = alert_message(news, in_words)
    assert message.title == "ordersync prints: 1 new problem (unfulfilled)"
    assert "\nLook: ordersync problems --shop prints show p000000000017\n" in message.body
    assert message.body.endswith("\n\nShop: prints (shop.db)")
    assert sample_message("prints (shop.db)", "prints").title == "ordersync prints: test"


def test_a_long_message_of_one_of_several_shops_is_not_longer_either() -> None:
    kinds = list(ProblemClass)
    new = [problem(n, kinds[n % len(kinds)]) for n in range(400)]
    long = alert_message(
        replace(NEWS, new=new, over=new, is_silent=True), lambda text: text.replace(" problems", "x" * 90)
    )
    assert len(long.body) <= LONGEST
    assert long.body.endswith("Shop: shop.db")
