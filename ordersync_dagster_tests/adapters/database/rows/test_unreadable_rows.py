"""One row that says what nobody can read stops nothing: it is left as it is, named, and all others go on."""

import json
from datetime import timedelta
from typing import Any

import pytest

from ordersync_dagster.adapters.database.rows.decode import Document, document_of, read_amount
from ordersync_dagster.app.history import History
from ordersync_dagster.app.run import Run
from ordersync_dagster_tests.support.outcomes import classes
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import Shop

NO_OBJECTS = ("12 Main St", '"5 New Street, Riga"', '["gift", "vip"]', "true", '{"line1": "5 New')
FULL = pytest.mark.full
NAMED = "unreadable_column"
EMPTY = ("", "  ", "null", "[]", '{"line1": null}')


@pytest.fixture
def text_shop(each_shop: Shop) -> Shop:
    """The outage in a shop that keeps its JSON as text."""
    if each_shop.database.is_postgres:
        each_shop.database.script("ALTER TABLE orders ALTER shipping_address TYPE text, ALTER metadata TYPE text;\n")
    return each_shop


def in_window(shop: Shop, count: int = 1) -> list[str]:
    """The ids of orders of the shop's with an address, whose sessions Stripe still lists."""
    since = (shop.time.now - timedelta(days=25)).timestamp()
    sessions = {session["id"] for session in shop.sandbox.world.sessions if session["created"] > since}
    rows = shop.database.rows("SELECT * FROM orders WHERE shipping_address IS NOT NULL ORDER BY id")
    found = [row["id"] for row in rows if row["stripe_session_id"] in sessions][:count]
    assert len(found) == count
    return found


def with_parcels(shop: Shop) -> str:
    """The id of an order of the shop's with more parcels than its columns show."""
    changes = shop.run(dry_run=True).outcome.changes
    found = {each["order_id"] for each in changes if each["field"] == "metadata.printful_shipments"}
    return min(found & set(shop.database.column("SELECT id FROM orders")))


def put(shop: Shop, order_id: str, column: str, value: object) -> None:
    shop.database.execute(f"UPDATE orders SET {column} = :value WHERE id = :id", value=value, id=order_id)


def held(shop: Shop, order_id: str, column: str) -> Any:
    (value,) = shop.database.column(f"SELECT {column} FROM orders WHERE id = :id", id=order_id)
    return value


def notices(run: Run, order_id: str, column: str) -> list[str]:
    problems = [each for each in run.outcome.problems if each.ids.get("order_id") == order_id]
    assert not [each for each in problems if each.is_error]
    return [each.problem_class for each in problems if each.ids.get("column") == column]


def test_an_address_that_is_no_object_is_named_and_left_alone(text_shop: Shop) -> None:
    usual = text_shop.run(dry_run=True).outcome.summary.seven
    broken = dict(zip(in_window(text_shop, len(NO_OBJECTS)), NO_OBJECTS, strict=True))
    for order_id, value in broken.items():
        put(text_shop, order_id, "shipping_address", value)
    for dry_run in (True, False):
        run = text_shop.run(dry_run=dry_run)
        assert run.outcome.summary.seven == usual
        assert {each: notices(run, each, "shipping_address") for each in broken} == {key: [NAMED] for key in broken}
    assert {each: held(text_shop, each, "shipping_address") for each in broken} == broken
    assert "Main" not in str(run.outcome.problems)


def test_an_address_that_says_nothing_is_filled_and_comes_back_as_it_was(text_shop: Shop) -> None:
    empty = dict(zip(in_window(text_shop, len(EMPTY)), EMPTY, strict=True))
    for order_id, value in empty.items():
        put(text_shop, order_id, "shipping_address", value)
    run = text_shop.run()
    for order_id in empty:
        assert notices(run, order_id, "shipping_address") == []
        assert json.loads(held(text_shop, order_id, "shipping_address")).keys() >= {"line1", "country"}
    undo = History(settings_for(text_shop.sandbox, text_shop.database.url), text_shop.time.tools())
    assert undo.undo(run.outcome.run_id, dry_run=False).kept == []
    assert {each: held(text_shop, each, "shipping_address") for each in empty} == empty


@pytest.mark.parametrize("value", ["[]", pytest.param("null", marks=FULL)])
def test_metadata_that_say_nothing_get_parcels_and_come_back(each_shop: Shop, value: str) -> None:
    order_id = with_parcels(each_shop)
    put(each_shop, order_id, "metadata", value)
    run = each_shop.run()
    assert notices(run, order_id, "metadata") == []
    assert decoded(held(each_shop, order_id, "metadata")).keys() == {"printful_shipments"}
    again = each_shop.run()
    assert again.outcome.rows == dict.fromkeys(again.outcome.rows, 0)
    undo = History(settings_for(each_shop.sandbox, each_shop.database.url), each_shop.time.tools())
    assert undo.undo(run.outcome.run_id, dry_run=False).kept == []
    assert decoded(held(each_shop, order_id, "metadata")) == json.loads(value)


@pytest.mark.parametrize("value", [NO_OBJECTS[0], *(pytest.param(each, marks=FULL) for each in NO_OBJECTS[1:3])])
def test_metadata_that_is_no_object_gets_no_parcels_and_the_rest_goes_on(text_shop: Shop, value: str) -> None:
    order_id, usual = with_parcels(text_shop), text_shop.run(dry_run=True).outcome.summary
    put(text_shop, order_id, "metadata", value)
    run = text_shop.run()
    assert notices(run, order_id, "metadata") == [NAMED]
    assert held(text_shop, order_id, "metadata") == value
    assert held(text_shop, order_id, "tracking_number")
    assert run.outcome.summary.seven == usual.seven
    again = text_shop.run()
    assert again.outcome.rows == dict.fromkeys(again.outcome.rows, 0)


def test_a_json_column_may_hold_more_than_objects(each_shop: Shop) -> None:
    order_id, row_id = with_parcels(each_shop), in_window(each_shop)[0]
    put(each_shop, order_id, "metadata", '["gift", "vip"]')
    put(each_shop, row_id, "shipping_address", '"5 New Street, Riga"')
    run = each_shop.run()
    assert notices(run, order_id, "metadata") == [NAMED]
    assert notices(run, row_id, "shipping_address") == [NAMED]
    assert decoded(held(each_shop, order_id, "metadata")) == ["gift", "vip"]
    assert decoded(held(each_shop, row_id, "shipping_address")) == "5 New Street, Riga"


def decoded(value: Any) -> Any:
    """What a column of JSON holds: SQLite gives its text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


@pytest.mark.full
def test_json_that_is_text_inside_json_stays_so_there_and_back(text_shop: Shop) -> None:
    order_id, row_id = with_parcels(text_shop), in_window(text_shop)[0]
    wrapped, empty = json.dumps('{"a":1}'), json.dumps('{"line1":null}')
    put(text_shop, order_id, "metadata", wrapped)
    put(text_shop, row_id, "shipping_address", empty)
    run = text_shop.run()
    assert notices(run, order_id, "metadata") == notices(run, row_id, "shipping_address") == []
    metadata, address = (
        json.loads(json.loads(held(text_shop, *place)))
        for place in ((order_id, "metadata"), (row_id, "shipping_address"))
    )
    assert metadata.keys() == {"a", "printful_shipments"}
    assert address["line1"]
    again = text_shop.run()
    assert again.outcome.rows == dict.fromkeys(again.outcome.rows, 0)
    shown = text_shop.database.column("SELECT changes_after FROM audit_logs WHERE resource_id = :id", id=order_id)
    assert '"a"' not in str(shown), "of metadata the shop's log shows the parcels alone"
    undo = History(settings_for(text_shop.sandbox, text_shop.database.url), text_shop.time.tools())
    assert undo.undo(run.outcome.run_id, dry_run=False).kept == []
    restored = json.loads(held(text_shop, order_id, "metadata"))
    assert (type(restored), json.loads(restored)) == (str, {"a": 1})
    assert held(text_shop, row_id, "shipping_address") == empty


@pytest.mark.parametrize("value", ["", "a lot", "nan", "1e999999999"])
def test_an_amount_that_is_none_disagrees_with_the_session_and_stops_nothing(shop: Shop, value: str) -> None:
    usual, row_id = shop.run(dry_run=True).outcome.summary.seven, in_window(shop)[0]
    put(shop, row_id, "total_amount", value)
    run = shop.run()
    assert run.outcome.summary.seven == usual
    assert notices(run, row_id, "total_amount") == ["order_disagrees"]
    assert held(shop, row_id, "total_amount") == value


def test_times_that_are_none_are_in_nobodys_way(shop: Shop) -> None:
    usual = shop.run(dry_run=True).outcome.summary.seven
    shop.database.execute("UPDATE orders SET updated_at = 1764000000000, created_at = ''")
    assert shop.run().outcome.summary.seven == usual


def test_text_that_is_no_utf8_stops_nothing_and_stays_as_it_is(shop: Shop) -> None:
    usual, (named, addressed) = shop.run(dry_run=True).outcome.summary.seven, in_window(shop, 2)
    name, address = "CAST(x'4a6f73e9' AS TEXT)", """CAST('{"city": "' || x'e9' || '"}' AS TEXT)"""
    shop.database.script(
        f"UPDATE orders SET customer_name = {name} WHERE id = '{named}';\n"
        f"UPDATE orders SET shipping_address = {address} WHERE id = '{addressed}';\n"
        f"UPDATE order_items SET name = {name};\n"
    )
    for dry_run in (True, False):
        run = shop.run(dry_run=dry_run)
        assert run.outcome.summary.seven == usual
        assert notices(run, addressed, "shipping_address") == [NAMED]
    assert held(shop, named, "hex(customer_name)") == "4A6F73E9"
    assert held(shop, addressed, "hex(shipping_address)") == b'{"city": "\xe9"}'.hex().upper()
    undo = History(settings_for(shop.sandbox, shop.database.url), shop.time.tools())
    assert undo.undo(run.outcome.run_id, dry_run=False).kept == []


def test_printful_ids_may_be_whole_numbers_in_sqlite(shop: Shop) -> None:
    usual = shop.run(dry_run=True).outcome.summary.seven
    shop.database.script(
        "DROP INDEX ix_orders_printful_order_id;\n"
        "ALTER TABLE orders RENAME printful_order_id TO was;\nALTER TABLE orders ADD printful_order_id integer;\n"
        "UPDATE orders SET printful_order_id = was;\nALTER TABLE orders DROP was;\n"
    )
    assert set(shop.database.column("SELECT typeof(printful_order_id) FROM orders")) == {"integer", "null"}
    run = shop.run()
    assert run.outcome.summary.seven == usual
    assert "order_disagrees" not in classes(run)


@pytest.mark.parametrize(
    ("text", "document"),
    [
        (None, Document()),
        ("", Document()),
        ("null", Document()),
        ('"null"', Document(is_wrapped=True)),
        ('""', Document(is_wrapped=True)),
        ('{"a": 1}', Document({"a": 1})),
        ('"{\\"a\\": 1}"', Document({"a": 1}, is_wrapped=True)),
        (json.dumps(json.dumps(json.dumps({}))), Document(is_unreadable=True)),
        ("[]", Document()),
        ("[0]", Document(is_unreadable=True)),
        ("0", Document(is_unreadable=True)),
        ("[" * 100_000, Document(is_unreadable=True)),
    ],
)
def test_nothing_an_object_and_anything_else_are_told_apart(text: str | None, document: Document) -> None:
    assert document_of(text) == document


@pytest.mark.parametrize("text", ["19.99", "1e9999", "x", ""])
def test_minor_units_that_are_not_whole_are_no_amount(text: str) -> None:
    assert str(read_amount("1999", "usd", in_minor_units=True)) == "19.99"
    with pytest.raises(ValueError, match=r"no (whole )?number|no amount"):
        read_amount(text, "usd", in_minor_units=True)
