"""The words for the values that a setting or an option takes."""

import pytest

from ordersync_dagster.core.value_words import choice_words, in_brackets, number_words


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (1, 3650, "a whole number from 1 to 3,650"),
        (0, 0, "a whole number from 0 to 0"),
        (1000, None, "a whole number, 1,000 or more"),
        (None, None, "a whole number"),
        (None, 7, "a whole number"),
    ],
)
def test_a_number_is_described_by_its_limits(least: float | None, most: float | None, words: str) -> None:
    assert number_words(least, most) == words
    assert number_words(least, most, is_whole=False) == words.replace("whole ", "")


def test_a_choice_names_each_word() -> None:
    assert choice_words(iter(["all", "none"])) == "one of all, none"


@pytest.mark.parametrize("value", ["61 3 * * *", 7, "payment,subscription", "a" * 24, "Sk_live"])
def test_a_short_value_is_shown(value: object) -> None:
    assert in_brackets(value) == f" ({value})"


@pytest.mark.parametrize("value", ["", "a" * 25, "sk_live_1", "RK_TEST_1", "two\nlines", "ada@example.com", "p;ss"])
def test_a_value_that_may_be_a_secret_or_long_is_not_shown(value: str) -> None:
    assert in_brackets(value) == ""
