"""`ordersync prove` as scripts and people meet it: exit codes, files, and what an accountant computes again."""

import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster_tests.support.cli import Cli, document

FILE = Path("proof.json")
DAYS = ("--from", str(utc_now().date() - timedelta(days=9)), "--to", str(utc_now().date() - timedelta(days=1)))


def kept(ordersync: Cli) -> None:
    """A proof of the repaired shop, in FILE."""
    ordersync("sync")
    assert ordersync("prove", *DAYS, "-o", str(FILE)).code == 0


def test_days_with_lost_webhooks_are_exit_1_and_after_the_repair_0(ordersync: Cli) -> None:
    before = ordersync("prove", *DAYS)
    assert before.code == 1
    assert "has no order" in before.out
    ordersync("sync")
    after = ordersync("prove", *DAYS)
    assert (after.code, after.out.splitlines()[-3]) == (0, "9 of 9 days hold.")


def test_one_day_is_named_as_one(ordersync: Cli) -> None:
    at = ordersync.database.column("SELECT created_at FROM orders WHERE created_at < CURRENT_DATE ORDER BY 1 DESC")[0]
    day, today = str(at)[:10], str(utc_now().date())
    ordersync("sync")
    one = ("prove", "--from", day, "--to", day)
    assert "The day holds." in ordersync(*one).out
    ordersync.database.execute("UPDATE orders SET total_amount = '0.01' WHERE created_at = :at", at=at)
    assert "The day does not hold." in ordersync(*one).out
    assert "The day is not proved." in ordersync("prove", "--from", today, "--to", today).out


def test_a_kept_proof_is_checked_and_every_change_is_named(ordersync: Cli) -> None:
    kept(ordersync)
    assert FILE.stat().st_mode & 0o777 == 0o600
    assert ordersync("prove", "--check", str(FILE)).code == 0
    day = next(each for each in json.loads(FILE.read_text())["days"] if each["paid"])
    order_id = day["paid"][0]["orders"][0]["id"]
    ordersync.database.execute("UPDATE orders SET total_amount = '0.01' WHERE id = :id", id=order_id)
    ran = ordersync("prove", "--check", str(FILE))
    assert ran.code == 1
    assert f"~ changed in the shop: order {order_id} (" in ran.out
    found = document(ordersync("prove", "--check", str(FILE), "--json"))
    assert found["holds"] is False
    assert [(each["what"], each["side"], each["id"]) for each in found["changes"]] == [("changed", "shop", order_id)]


def test_the_hash_is_that_of_standard_tools(ordersync: Cli) -> None:
    kept(ordersync)
    for day in json.loads(FILE.read_text())["days"]:
        ids = "".join(f"{each['id']}\n" for each in reversed(day["paid"]))
        ran = subprocess.run("LC_ALL=C sort | sha256sum", shell=True, input=ids, capture_output=True, text=True)
        assert ran.stdout.split()[0] == day["stripe"]["ids_sha256"] == day["shop"]["ids_sha256"]


def test_the_file_holds_no_personal_data(ordersync: Cli) -> None:
    kept(ordersync)
    rows = ordersync.database.rows("SELECT customer_email, customer_name FROM orders")
    text = FILE.read_text()
    assert not [value for row in rows for value in row.values() if value and value in text]


def test_a_day_that_is_not_over_is_said_so_and_is_no_proof(ordersync: Cli) -> None:
    today = utc_now().date()  # not the day on which this module was imported
    ran = ordersync("prove", "--from", str(today), "--to", str(today))
    assert (ran.code, ran.out.splitlines()[0]) == (1, f"{today}: not proved: the day is not over (UTC)")


@pytest.mark.examples
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "give --from and --to"),
        (["--from", "2026-01-01"], "give --from and --to"),
        ([*DAYS, "--moved"], "give --from and --to"),
        ([*DAYS, "--check", "proof.json"], "leave out --from and --to"),
        (["--check", "missing.json"], "cannot be read"),
        ([*DAYS, "-o", "notes.txt"], "is no ordersync proof"),
        ([*DAYS, "-o", "nowhere/proof.json"], "must be a folder"),
    ],
)
def test_what_does_not_go_together_is_exit_2(ordersync: Cli, options: list[str], sentence: str) -> None:
    Path("notes.txt").write_text("mine")
    ran = ordersync("prove", *options)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    assert ordersync.sandbox.requests == []
    assert Path("notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda text: text.replace('"schema_version": 1', '"schema_version": 7'), "has schema_version 7"),
        (lambda text: text.replace('"holds"', '"not_over"'), "was edited or is damaged"),
        (lambda text: text[:-200], "it is not JSON"),
        (lambda text: text.replace("ordersync proof", "ordersync plan"), "is no ordersync proof"),
    ],
)
def test_a_file_that_was_edited_or_is_damaged_is_exit_2(
    ordersync: Cli, spoil: Callable[[str], str], sentence: str
) -> None:
    kept(ordersync)
    FILE.write_text(spoil(FILE.read_text()))
    ran = ordersync("prove", "--check", str(FILE))
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("STRIPE_SECRET_KEY", "rk_live_" + "a" * 24, "is a proof of Stripe's test mode"),
        ("DATABASE_URL", "sqlite:///other.db", "if the shop's database has moved, add --moved"),
        ("ORDERSYNC_SESSION_MATCH", "metadata.shop=two", "was made with other settings"),
    ],
)
def test_a_proof_of_another_shop_is_exit_2(ordersync: Cli, name: str, value: str, sentence: str) -> None:
    kept(ordersync)
    ran = ordersync("prove", "--check", str(FILE), **{name: value})
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
