"""A line of cron is a time that comes, or the reason why it is none."""

import pytest

from ordersync_dagster.core.cron import EXAMPLE, why_no_time

RIGHT = (
    EXAMPLE, "* * * * *", "*/15 * * * *", "0,30 6-22/2 * * *", "07 03 * * *", "0 3 * * mon-fri", "0 3 * JAN,jul *",
    "*/1 * * * *", "*/59 * * * *", "0 3 * * 7", "0 3 29 2 *", "0 3 31 2-3 *", "0 3 1-7 * 1", "5/20 * * * *",
    "0 22-6 * * *", "0 3 * * fri-mon", "0 3 L * ?", "0 3 * * 1#1", "0 3 * * mon#2", "0 3 * * L5",
)  # fmt: skip
WRONG = {
    "61 3 * * *": "its minute is 61, and may be 0 to 59",
    "0 24 * * *": "its hour is 24, and may be 0 to 23",
    "0 3 0 * *": "its day of the month is 0, and may be 1 to 31",
    "0 3 * 13 *": "its month is 13, and may be 1 to 12",
    "0 3 * * 8": "its day of the week is 8, and may be 0 to 7",
    "*/0 * * * *": r"its minute is \*/0",
    "*/90 * * * *": r"its minute is \*/90",
    "9-65 3 * * *": "its minute is 9-65",
    "1,,2 3 * * *": "its minute is 1,,2",
    "* 3 * * funday": "its day of the week is funday",
    "0 3 feb * *": "its day of the month is feb",
    "? 3 * * *": r"its minute is \?",
    "-1 3 * * *": "its minute is -1",
    "٣ 3 * * *": "its minute is ٣",
    "0 3 30 2 *": "there is no day 30 in the months that it names",
    "0 3 31 4,jun *": "there is no day 31 in the months that it names",
    "20 3 * *": "it has 4 of the five fields: minute, hour",
    "0 20 3 * * *": "it has 6 of the five fields",
    "": "it has 0 of the five fields",
}


@pytest.mark.parametrize("line", RIGHT)
def test_a_time_of_cron_has_nothing_against_it(line: str) -> None:
    assert why_no_time(line) == ""


@pytest.mark.parametrize(("line", "why"), WRONG.items(), ids=WRONG)
def test_a_line_that_is_no_time_is_told_with_its_part(line: str, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        assert not why_no_time(line), why_no_time(line)
