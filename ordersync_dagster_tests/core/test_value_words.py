"""The words for the values that a setting or an option takes."""

import pytest

from ordersync_dagster.core.value_words import choice_words, number_words


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
