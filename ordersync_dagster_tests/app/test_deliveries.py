"""The setting of a shop that waits for its parcels: where it stands, and what doctor and explain say of it."""

import re
from pathlib import Path

import pytest

from ordersync_dagster.app.doctor import examine, worst
from ordersync_dagster.app.settings import Settings, read_settings
from ordersync_dagster.app.shops import read_shops
from ordersync_dagster.sandbox import Fault, Sandbox, World
from ordersync_dagster.sandbox.world.parcels_v2 import parcel_v2
from ordersync_dagster_tests.app.explaining import A_HANDFUL, asked, changes_of, sentences, the_one
from ordersync_dagster_tests.app.findings import levels, said
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop, seeded

WAITING = {"PRINTFUL_DELIVERY": "shipments"}


@pytest.mark.parametrize(
    ("file", "environment", "waits"),
    [
        ("", None, False),
        ("[printful]\ndelivery = 'shipments'", None, True),
        ("[printful]\ndelivery = 'fulfilled'", None, False),
        ("", "shipments", True),
        ("[printful]\ndelivery = 'shipments'", "fulfilled", False),
        ("[printful]\ndelivery = 'fulfilled'", "shipments", True),
        ("[printful]\ndelivery = 'shipments'", "", True),
    ],
)
def test_the_environment_is_stronger_than_the_shops_file(
    file: str, environment: str | None, waits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ordersync.toml").write_text(file)
    if environment is not None:
        monkeypatch.setenv("PRINTFUL_DELIVERY", environment)
    assert read_settings(tmp_path / ".env").waits_for_parcels is waits


def test_another_word_is_refused_with_the_two_that_there_are(tmp_path: Path) -> None:
    settings = Settings.model_validate({"printful_delivery": "delivered"})
    assert settings.faults["PRINTFUL_DELIVERY"].startswith(
        "PRINTFUL_DELIVERY (delivered) is `fulfilled` or `shipments`"
    )
    (tmp_path / "ordersync.toml").write_text("[printful]\ndelivery = 'delivered'")
    assert "[printful.delivery]" in read_settings(tmp_path / ".env").faults["ORDERSYNC_CONFIG"]


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ("printful_delivery = 'shipments'", True),
        ("[shop.printful]\ndelivery = 'shipments'", True),
        ("printful_delivery = 'fulfilled'", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("environment", [None, "fulfilled"])
def test_each_of_several_shops_has_its_own(
    said: str, waits: bool, environment: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if environment:
        monkeypatch.setenv("PRINTFUL_DELIVERY", environment)
    (tmp_path / "ordersync.toml").write_text(f"[[shop]]\nname = 'one'\n{said}\n")
    assert read_shops(tmp_path / ".env").named("one").settings.waits_for_parcels is waits


def test_the_doctor_tries_the_parcels_where_they_are_waited_for(
    sandbox: Sandbox, sqlite_url: str, outage: World
) -> None:
    seeded(sqlite_url, outage)
    assert "API v2" not in said(examine(settings_for(sandbox, sqlite_url)), "Printful")
    assert not any(request.path.startswith("/v2") for request in sandbox.requests)
    findings = examine(settings_for(sandbox, sqlite_url, **WAITING))
    assert "may read parcels (API v2)" in said(findings, "Printful")
    assert worst(findings) == 0


@pytest.mark.parametrize(("status", "code", "part"), [(403, 2, "lacks the scope"), (404, 1, "HTTP 404")])
def test_the_doctor_says_where_the_token_may_not_read_parcels(
    sandbox: Sandbox, sqlite_url: str, outage: World, status: int, code: int, part: str
) -> None:
    seeded(sqlite_url, outage)
    sandbox.faults.add(Fault("/v2/", "status", status=status, times=None))
    findings = examine(settings_for(sandbox, sqlite_url, **WAITING))
    assert worst(findings) == code
    assert len(levels(findings, "Printful")) == 2
    assert "may read orders" in said(findings, "Printful")
    assert part in said(findings, "Printful")


def put(shop: Shop, word: str) -> str:
    """The id of a shipped order, whose parcel is so."""
    row = shop.of_printful("fulfilled")
    shop.database.execute("UPDATE orders SET status = 'shipped' WHERE id = :id", id=row["id"])
    order = next(each for each in shop.sandbox.world.printful_orders if str(each["id"]) == row["printful_order_id"])
    at = "2026-11-20T10:00:00Z" if word == "delivered" else None
    parcels = [
        parcel_v2(order, each, shop.sandbox.world.now, delivery_status=word, delivered_at=at)
        for each in order["shipments"]
    ]
    shop.sandbox.put_parcels(order["id"], parcels)
    return str(row["id"])


def test_explain_shows_each_parcel_and_what_it_does(shop: Shop) -> None:
    order_id = put(shop, "delivered")
    answer = asked(shop, order_id, **WAITING)
    (found,) = answer.found.explanations
    assert sum(answer.requests.values()) <= A_HANDFUL
    assert re.search(r"is fulfilled \(parcel \d+ shipped, delivered\)", found.states["Printful"])
    assert " delivered" in sentences(found)
    assert [each["after"] for each in changes_of(found) if each["change"] == "set_status"] == ["delivered"]


def test_explain_says_why_a_shipped_order_stays_so(shop: Shop) -> None:
    found = the_one(shop, put(shop, "in_transit"), **WAITING)
    assert "in_transit" in found.states["Printful"]
    assert [each for each in changes_of(found) if each["change"] == "set_status"] == []
    assert "The order becomes delivered when Printful's API v2 says so of all of its parcels." in found.why_not_more


def test_explain_asks_for_no_parcels_where_nobody_waits_for_them(shop: Shop) -> None:
    found = the_one(shop, put(shop, "in_transit"))
    assert "parcel" not in found.states["Printful"]
    assert not any(request.path.startswith("/v2") for request in shop.sandbox.requests)


def test_explain_tells_that_the_parcels_gave_no_answer(shop: Shop) -> None:
    order_id = put(shop, "delivered")
    shop.sandbox.faults.add(Fault("/v2/", "status", status=503, times=None))
    answer = asked(shop, order_id, **WAITING)
    (found,) = answer.found.explanations
    assert answer.errors
    assert {str(each.problem_class) for each in found.plan.problems} >= {"printful_not_asked"}
