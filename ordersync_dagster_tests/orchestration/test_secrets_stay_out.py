"""After runs that succeed and runs that fail in many ways, nothing under DAGSTER_HOME knows a key or a customer."""

import pytest

from ordersync_dagster.sandbox import PRINTFUL_KEY, STRIPE_KEY, Fault
from ordersync_dagster_tests.orchestration.pretend import PretendShop, kept_files, run_that_fails
from ordersync_dagster_tests.orchestration.runs import lost_with_days

pytestmark = pytest.mark.slow

CANARY = "canary.customer@example.org"
HOSTILE = f'"<{CANARY}>" \'; DROP TABLE orders; --'

REFUSALS = (
    ("/v1/checkout/sessions", 401, "Stripe refused STRIPE_SECRET_KEY"),
    ("/v1/checkout/sessions", 403, "may not read /v1/checkout/sessions"),
    ("/orders", 401, "Printful refused PRINTFUL_API_KEY"),
)


def test_no_key_and_no_customer_is_found_anywhere_under_dagster_home(pretend: PretendShop) -> None:
    pretend.dagster.succeeds("order_sync", days=30, dry_run=True)
    hostile_customer(pretend)
    pretend.dagster.succeeds("order_sync", days=30)
    for path, status, sentence in REFUSALS:
        echo = f'{{"error": {{"message": "bad key {STRIPE_KEY} {PRINTFUL_KEY} of {CANARY}"}}}}'
        pretend.sandbox.faults.add(Fault(path, "status", status, times=None, body=echo))
        run_that_fails(pretend, sentence)
        pretend.sandbox.faults.clear()
    malformed_record(pretend)
    run_that_fails(pretend, "could not be decided")
    wrong_mode(pretend)
    run_that_fails(pretend, "mode")
    pretend.sandbox.replace(pretend.world)
    vendor_that_never_answers(pretend)
    database_that_is_away(pretend)
    private = {STRIPE_KEY, PRINTFUL_KEY, CANARY, *emails(pretend)}
    assert len(private) > 10
    for file, content in kept_files(pretend.dagster.home):
        found = {each for each in private if each.encode() in content}
        assert not found, f"{file} knows {found}"


def test_what_is_searched_is_where_dagster_keeps_things(pretend: PretendShop) -> None:
    session_id = next(iter(lost_with_days(pretend.world)))
    pretend.dagster.succeeds("order_sync", days=7)
    assert any(session_id.encode() in content for _, content in kept_files(pretend.dagster.home))


def hostile_customer(pretend: PretendShop) -> None:
    """A lost order of somebody whose e-mail and metadata are traps."""
    session = next(each for each in pretend.world.sessions if each["id"] in lost_with_days(pretend.world))
    details = {**session["customer_details"], "email": CANARY, "name": HOSTILE}
    pretend.sandbox.put_session(
        {**session, "customer_details": details, "customer_email": CANARY, "metadata": {"note": HOSTILE, CANARY: "x"}}
    )


def malformed_record(pretend: PretendShop) -> None:
    """A lost order whose amount and currency hold an e-mail."""
    session = next(each for each in pretend.world.sessions if each["id"] in lost_with_days(pretend.world))
    broken = {"id": "cs_test_malformed", "amount_total": CANARY, "currency": CANARY, "payment_intent": CANARY}
    pretend.sandbox.put_session({**session, **broken})


def wrong_mode(pretend: PretendShop) -> None:
    """A session of live mode behind a test key."""
    session = next(each for each in pretend.world.sessions if each["id"] in lost_with_days(pretend.world))
    pretend.sandbox.put_session({**session, "id": "cs_live_" + "w" * 50, "livemode": True, "customer_email": CANARY})


def vendor_that_never_answers(pretend: PretendShop) -> None:
    """500 for ever, with a body that tells too much."""
    pretend.sandbox.faults.add(Fault("/v1/", "status", 500, times=None, body=f"oops {CANARY} {STRIPE_KEY}"))
    run_that_fails(pretend, "Stripe gave no usable answer")
    pretend.sandbox.faults.clear()


def database_that_is_away(pretend: PretendShop) -> None:
    """A file that is no database, where the shop's was."""
    path = pretend.shop.path
    kept_aside = path.rename(path.with_suffix(".aside"))
    path.write_text(f"{CANARY} " * 1000)
    run_that_fails(pretend, "database")
    path.unlink()
    kept_aside.rename(path)


def emails(pretend: PretendShop) -> set[str]:
    """Of every customer."""
    details = [each["customer_details"] or {} for each in pretend.world.sessions]
    return {each["email"] for each in details if each.get("email")}
