"""Minor units ↔ exact decimals."""

from decimal import Decimal
from typing import Any

import pytest

from ordersync_dagster.core.money import (
    THREE_DECIMAL,
    TWO_DECIMAL,
    WHOLE_UNITS_TIMES_100,
    ZERO_DECIMAL,
    Capacity,
    MoneyError,
    UnknownCurrencyError,
    amount_text,
    from_minor,
    from_text,
    is_known,
    minor_units,
    whole_minor,
)
from ordersync_dagster.core.orders import Price


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1999, "usd", "19.99"),
        (0, "usd", "0.00"),
        (800, "jpy", "800"),
        (107411050, "kwd", "107411.050"),
        (500, "isk", "5.00"),
        (500, "ugx", "5.00"),
        (12300, "huf", "123.00"),
        (12300, "twd", "123.00"),
        (999_999_999_999, "usd", "9999999999.99"),
    ],
)
def test_an_amount_is_what_people_write_in_its_currency(amount: int, currency: str, text: str) -> None:
    assert str(from_minor(amount, currency)) == text


@pytest.mark.parametrize("currency", ["", "xyz", "USD", "usd ", "\ud800", "usdollars"])
def test_fault_48_a_currency_that_stripe_does_not_list_is_refused_and_never_guessed(currency: str) -> None:
    with pytest.raises(UnknownCurrencyError):
        from_minor(100, currency)


@pytest.mark.parametrize("currency", ["isk", "ugx"])
def test_the_two_decimals_of_isk_and_ugx_are_always_00(currency: str) -> None:
    with pytest.raises(MoneyError, match="always 00"):
        from_minor(501, currency)


@pytest.mark.parametrize("amount", [10**18, -(10**18), pytest.param(10**5000 + 1, id="5001 digits")])
@pytest.mark.parametrize("currency", ["usd", "ugx"])
def test_an_amount_beyond_any_charge_is_refused(amount: int, currency: str) -> None:
    with pytest.raises(MoneyError, match="18 digits"):
        from_minor(amount, currency)


def test_every_currency_has_exactly_one_number_of_decimals() -> None:
    groups = [ZERO_DECIMAL, THREE_DECIMAL, TWO_DECIMAL, WHOLE_UNITS_TIMES_100]
    assert sum(map(len, groups)) == len(frozenset().union(*groups))


@pytest.mark.parametrize(
    ("text", "does_fit"),
    [
        ("99999999.99", True),
        ("-99999999.99", True),
        ("100000000", False),
        ("100000000.00", False),
        ("0.01", True),
        ("0.010", True),
        ("0.001", False),
        ("107411.050", True),
        ("107411.051", False),
        ("0", True),
        ("0E+5", True),
        ("1E+7", True),
        ("1E+8", False),
        ("NaN", False),
        ("Infinity", False),
    ],
)
def test_a_column_holds_what_needs_no_rounding(text: str, does_fit: bool) -> None:
    assert Capacity(10, 2).holds(Decimal(text)) is does_fit


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("13.00", "13.00"),
        (" 13.00 ", "13.00"),
        (65, "65"),
        (Decimal("65.5"), "65.5"),
        ("-1.5", "-1.5"),
        ("0", "0"),
        (10**18 - 1, "9" * 18),
    ],
)
def test_printfuls_amounts_come_as_texts_and_as_numbers(value: Any, amount: str) -> None:
    assert str(from_text(value)) == amount


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", " ", "13,00", "1e3", "NaN", "Infinity", "1.", ".5", "1" * 19, 10**18, "12\n3", True, 65.5, [], {}),
        *(Decimal("NaN"), Decimal("sNaN"), Decimal("1E+2")),
        pytest.param(10**5000, id="5001 digits"),
    ],
)
def test_whatever_else_printful_says_is_no_amount(value: Any) -> None:
    assert from_text(value) is None


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (120400, "eur", "EUR 1,204.00"),
        (5, "usd", "USD 0.05"),
        (0, "usd", "USD 0.00"),
        (-1999, "gbp", "GBP -19.99"),
        (1200, "jpy", "JPY 1,200"),
        (1234560, "kwd", "KWD 1,234.560"),
        (50000, "isk", "ISK 500.00"),
        (10**20, "eur", "EUR 1,000,000,000,000,000,000.00"),
    ],
)
def test_minor_units_are_shown_as_people_write_amounts(amount: int, currency: str, text: str) -> None:
    assert amount_text(amount, currency) == text


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("19.99", "usd", 1999),
        ("19.990", "usd", 1999),
        ("19.991", "usd", None),
        ("-0.01", "usd", -1),
        ("800", "jpy", 800),
        ("800.5", "jpy", None),
        ("1.234", "kwd", 1234),
        ("5", "isk", 500),
        ("999999999999999999", "jpy", 10**18 - 1),
        ("1000000000000000000", "jpy", None),
        ("NaN", "usd", None),
        ("Infinity", "usd", None),
        ("1", "xyz", None),
    ],
)
def test_an_amount_is_a_whole_number_of_minor_units_or_none(amount: str, currency: str, minor: int | None) -> None:
    assert minor_units(Decimal(amount), currency) == minor


@pytest.mark.parametrize("currency", ["jpy", "kwd", "eur", "isk"])
def test_a_currency_that_stripe_lists_is_known_in_lower_case(currency: str) -> None:
    assert is_known(currency)
    assert not is_known(currency.upper())
    assert not is_known(None)


@pytest.mark.parametrize(
    ("stored", "currency", "shown"),
    [
        ("222.000", "eur", "EUR 222.00"),
        ("1204", "usd", "USD 1,204.00"),
        ("4800.000", "jpy", "JPY 4,800"),
        ("1.5", "kwd", "KWD 1.500"),
        ("31.005", "eur", "EUR 31.005"),
        ("0.5", "jpy", "JPY 0.5"),
        ("7.10", "zzz", "ZZZ 7.10"),
        ("-3.000", "eur", "EUR -3.00"),
    ],
)
def test_a_stored_amount_is_shown_with_the_decimals_of_its_currency(stored: str, currency: str, shown: str) -> None:
    assert Price(Decimal(stored), currency).text == shown


@pytest.mark.parametrize(("amount", "currency"), [(1999, "usd"), (800, "jpy"), (107411050, "kwd"), (500, "isk")])
def test_whole_minor_units_are_what_stripe_sent(amount: int, currency: str) -> None:
    assert whole_minor(from_minor(amount, currency), currency) == amount
