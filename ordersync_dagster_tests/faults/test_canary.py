"""Keys, passwords and customers are looked for wherever a run of the command leaves something, however it ended."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ordersync_dagster.sandbox import Fault, Sandbox, World
from ordersync_dagster_tests.support.cli import Cli, Ran, command_on
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shops import seeded
from ordersync_dagster_tests.support.world import lost

STRIPE, PRINTFUL = "sk_test_CanaryOfStripe0001", "CanaryOfPrintful0002"
PASSWORD = "CanaryOfTheDatabase0003"
EMAIL, NAME = "canary.customer@canary.example", "Canary Q. Customer"
STREET, PHONE = "77 Canary Wharf Lane", "+15550104477"
CUSTOMER = (EMAIL, NAME, STREET, PHONE)
EVERYBODY = (STRIPE, PRINTFUL, PASSWORD, *CUSTOMER)
SAID = " ".join(EVERYBODY)
ECHO = json.dumps(
    {"error": {"message": " ".join(EVERYBODY), "code": EMAIL, "param": STRIPE}, "result": " ".join(EVERYBODY)}
)
MALFORMED = {"id": "cs_test_malformed", "payment_intent": "pi_malformed"}
LISTS = ("/v1/checkout/sessions", "/v1/refunds", "/orders")
OPTIONAL = ("/v1/refunds", "/v1/disputes")


class Canary:
    """A shop whose keys and whose one lost customer are known by their names; keeps all that its runs said."""

    def __init__(self, ordersync: Cli, world: World) -> None:
        self.run, self.world, self.said, self.reports = ordersync, world, list[Ran](), list[str]()
        self.sandbox = ordersync.sandbox
        self.put()

    def put(self, **changes: object) -> None:
        """The lost order of the one customer, with `changes`."""
        place = {"line1": STREET, "city": NAME, "country": "DE"}
        self.sandbox.put_session(
            {
                **lost(self.world)[0],
                "customer_details": {"email": EMAIL, "name": NAME, "phone": PHONE, "address": place},
                "customer_email": EMAIL,
                "collected_information": {"shipping_details": {"name": NAME, "address": place}},
                "metadata": {"gift_for": NAME, EMAIL: STREET, "phone": PHONE},
                **changes,
            }
        )

    def sync(self, expected: int, *options: str, **environment: str) -> None:
        """A run that ends so."""
        ran = self.run("sync", *options, **environment)
        assert ran.code == expected, ran
        self.said.append(ran)
        self.reports += [path.read_text() for path in sorted(Path.cwd().glob("kept.*"))]

    def meets(self, fault: Fault, expected: int) -> None:
        """A run, as text and as a document, in which a vendor does wrong."""
        self.sandbox.faults.add(fault)
        self.sync(expected)
        self.sync(expected, "--json", "--report", "kept.html")
        self.sandbox.faults.clear()


@pytest.fixture
def canary(
    sandbox: Sandbox, database: Database, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Canary]:  # fmt: skip
    """On each kind of database; the clock is the real one."""
    monkeypatch.chdir(tmp_path)
    with command_on(sandbox, seeded(database.url, world), monkeypatch, capsys) as run:
        yield Canary(run, world)


def fails_in_many_ways(canary: Canary) -> None:
    """Each vendor echoes every secret in each way of failing; then records and databases that are wrong."""
    for path, status, expected in [
        *((path, status, 2) for path in LISTS[::2] for status in (401, 403)),
        *((path, 400, 1) for path in LISTS[::2]),
        *((path, 403, 0) for path in OPTIONAL),
    ]:
        canary.meets(Fault(path, "status", status, times=None, body=ECHO), expected)
    canary.meets(Fault(LISTS[0], "status", 200, times=None, body=ECHO), 1)
    for path in LISTS[::2]:
        said_no = {"Stripe-Should-Retry": "false", "Request-Id": "req_1"}
        canary.meets(Fault(path, "status", 500, times=None, body=ECHO, headers=said_no), 1)
    for change in ({"amount_total": EMAIL}, {"currency": NAME}, {"payment_status": EMAIL}):
        canary.put(**MALFORMED, **change)
        canary.sync(1)
    canary.put(**MALFORMED, metadata={EMAIL: f"{NAME}\0"})
    canary.sync(1, "--json")
    canary.put(**MALFORMED, livemode=True)
    canary.sync(2)
    canary.sandbox.replace(canary.world)
    canary.put()


def databases_that_fail(canary: Canary) -> None:
    database = canary.run.database
    away = f"postgresql://shop:{PASSWORD}@127.0.0.1:9/shop"
    canary.sync(75, DATABASE_URL=away)
    canary.sync(2, DATABASE_URL=f"postgresql://shop:{PASSWORD}@[::1/shop")
    canary.sync(2, DATABASE_URL=f"mysql://shop:{PASSWORD}@127.0.0.1/shop")
    canary.sync(2, DATABASE_URL=database.url, STRIPE_SECRET_KEY=PRINTFUL, PRINTFUL_API_KEY=STRIPE)
    canary.sync(2, STRIPE_SECRET_KEY=f"pk_test_{PRINTFUL}")
    canary.sync(2, STRIPE_SECRET_KEY=STRIPE, PRINTFUL_API_KEY="")
    canary.run.patch.setenv("PRINTFUL_API_KEY", PRINTFUL)


def refused_by_the_database(canary: Canary) -> None:
    """The shop's own rule forbids this customer; PostgreSQL's DETAIL would quote the whole row."""
    database = canary.run.database
    if database.is_postgres:
        database.execute(f"ALTER TABLE orders ADD CONSTRAINT house_rule CHECK (customer_email <> '{EMAIL}')")
    else:
        database.execute(
            f"CREATE TRIGGER house_rule BEFORE INSERT ON orders WHEN NEW.customer_email = '{EMAIL}'"
            f" BEGIN SELECT RAISE(ABORT, 'not {EMAIL} {NAME}'); END"
        )
    canary.sync(1)
    canary.sync(1, "--json", "--report", "kept.csv")
    is_postgres = database.is_postgres
    database.execute("ALTER TABLE orders DROP CONSTRAINT house_rule" if is_postgres else "DROP TRIGGER house_rule")


@pytest.mark.slow
def test_faults_53_and_54_no_key_password_or_customer_is_kept_outside_the_orders(canary: Canary) -> None:
    canary.sync(0, "--dry-run")
    canary.sync(0, "--dry-run", "--json")
    refused_by_the_database(canary)
    fails_in_many_ways(canary)
    database = canary.run.database
    canary.sync(0)
    canary.sync(0, "--json")
    assert EMAIL in database.column("SELECT customer_email FROM orders")
    databases_that_fail(canary)
    said = "\n".join(ran.out + ran.err for ran in canary.said)
    assert len(canary.said) > 25
    assert "Traceback" not in said
    reported = "\n".join(canary.reports)
    assert "<h1>" in reported
    assert "order_id,field,before" in reported
    assert {each for each in EVERYBODY if each in said + reported} == set()
    state = Path(os.environ["ORDERSYNC_STATE_DIR"])
    kept = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}
    for table in sorted(database.tables() - {"orders"}):
        kept[Path(table)] = repr(database.rows(f"SELECT * FROM {table}")).encode()
    assert Path("ordersync_audit") in kept
    for place, content in kept.items():
        assert {each for each in EVERYBODY if each.encode() in content} == set(), place


def looks_back(canary: Canary) -> list[Ran]:
    """Every command that looks back on runs or takes one back, as text and as a document."""
    database = canary.run.database
    (order_id,) = database.column("SELECT id FROM orders WHERE customer_email = :email", email=EMAIL)
    (run_id,) = database.column("SELECT id FROM ordersync_runs")
    commands = (
        ("runs",), ("runs", "show", run_id), ("audit", "show", order_id), ("audit", "verify"),
        ("undo", run_id, "--dry-run"), ("undo", run_id), ("audit", "show", order_id),
    )  # fmt: skip
    return [canary.run(*each, *how) for each in commands for how in ([], ["--json"])]


def test_faults_53_and_54_doctor_and_history_name_no_key_password_or_customer(
    canary: Canary,
) -> None:
    canary.sync(0)
    said = [*looks_back(canary), canary.run("doctor"), canary.run("db", "check")]
    for path in LISTS:
        canary.sandbox.faults.add(Fault(path, "status", 403, times=None, body=ECHO))
    said.append(canary.run("doctor"))
    away = f"postgresql://shop:{PASSWORD}@127.0.0.1:9/shop"
    keys = {"STRIPE_SECRET_KEY": STRIPE, "PRINTFUL_API_KEY": PRINTFUL, "DATABASE_URL": away}
    said += [canary.run(*each, **keys) for each in (("doctor",), ("runs",), ("db", "check"), ("audit", "verify"))]
    assert all(ran.out + ran.err for ran in said)
    assert {each for each in EVERYBODY for ran in said if each in ran.out + ran.err} == set()
    assert not any("Traceback" in ran.err for ran in said)


def test_fault_53_an_unforeseen_error_shows_its_place_and_none_of_its_words(
    canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError(SAID)

    monkeypatch.setattr("ordersync_dagster.sync.stripe_phase.decide_piece", broken)
    ran = canary.run("sync")
    assert ran.code == 1
    assert "ordersync: an error that nobody foresaw (ZeroDivisionError)" in ran.err
    assert "sync/stripe_phase.py" in ran.err
    assert {each for each in EVERYBODY if each in ran.out + ran.err} == set()
    assert canary.run.database.column("SELECT state FROM ordersync_runs") == ["failed"]


def test_database_rows_are_what_is_searched(canary: Canary) -> None:
    canary.sync(0)
    database: Database = canary.run.database
    assert EMAIL in repr(database.rows("SELECT * FROM orders"))
    assert lost(canary.world)[0]["id"] in repr(database.rows("SELECT * FROM ordersync_audit"))
