"""Text from outside."""

from typing import Any

import pytest

from ordersync_dagster.core.privacy import masked_email
from ordersync_dagster.core.text import first_text, is_storable, text_or_none, visible


@pytest.mark.parametrize("value", [None, "", "  ", 5, True, [], {}])
def test_only_text_with_something_in_it_counts_as_given(value: Any) -> None:
    assert text_or_none(value) is None
    assert first_text(value, "given") == "given"


def test_text_is_kept_as_it_is() -> None:
    assert text_or_none(" Zoë ") == " Zoë "
    assert first_text(None, 5) is None


@pytest.mark.parametrize("bad", ["a\0", "\ud83d", "a\udfff"])
def test_what_no_database_stores_is_found_however_deep(bad: str) -> None:
    assert not is_storable(bad)
    assert not is_storable({"a": [{"b": ("c", bad)}]})
    assert not is_storable({bad: 1})
    assert not is_storable([bad, {"a": "b"}])
    assert not is_storable([bad, ["a"]])


def test_every_other_text_is_storable() -> None:
    assert is_storable({"emoji": "🐑", "bidi": "\u202e", "combining": ["e\u0301", None, 5, 1.5, True]})


def test_nesting_deeper_than_python_calls_is_no_obstacle() -> None:
    deep: list[Any] = ["\0"]
    for _ in range(100_000):
        deep = [deep]
    assert not is_storable(deep)


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("jane@example.com", "j***@e***.com"),
        ("j@mail.example.org", "j***@m***.org"),
        ("jane@localhost", "***"),
        ("@example.com", "***"),
        ("jane", "***"),
        ("", "***"),
    ],
)
def test_a_masked_address_can_be_recognised_but_not_written_to(email: str, shown: str) -> None:
    assert masked_email(email) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\u202eb", "a\\u202eb"), ("a\nb\x1b", "a\\u000ab\\u001b"), ("\ud800", "\\ud800"), ("Zoë 🐑", "Zoë 🐑")],
)
def test_what_could_hide_or_turn_text_shows_as_what_it_is(text: str, shown: str) -> None:
    assert visible(text) == shown
