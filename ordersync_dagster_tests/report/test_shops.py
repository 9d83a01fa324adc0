"""What a command came to in several shops."""

import json
from collections.abc import Sequence

import pytest

from ordersync_dagster.report.shops import EndedShop, combined_exit_code, shop_block, shops_json, shops_table


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([0, 0], 0),
        ([0, 1], 1),
        ([0, 2], 2),
        ([2, 2], 2),
        ([0, 75], 75),
        ([2, 75], 75),
        ([1, 2], 1),
        ([1, 75], 1),
        ([0, 1, 2, 75], 1),
    ],
)
def test_the_exit_code_is_that_of_a_shop_which_a_retry_may_help(codes: Sequence[int], code: int) -> None:
    assert combined_exit_code(codes) == code


FINE = EndedShop("prints", 0, 1.23, '{"schema_version": 1}\n', ["Target: x"])
WRONG = EndedShop("posters", 2, 0.1, "", ["Target: x", "ordersync: 2 are wrong:", "  the key is not set", "  the days"])


def test_the_document_has_what_each_shop_printed() -> None:
    made = json.loads(shops_json([FINE, WRONG]))
    assert (made["schema_version"], made["exit_code"], list(made["shops"])) == (1, 2, ["prints", "posters"])
    assert made["shops"]["prints"]["result"] == {"schema_version": 1}
    assert made["shops"]["posters"]["result"] is None
    assert made["shops"]["posters"]["messages"] == WRONG.said


def test_the_table_says_of_each_shop_how_it_ended_and_why() -> None:
    assert shops_table([FINE, WRONG]).splitlines()[1:] == [
        "shop     exit  seconds  result",
        "prints      0      1.2  fine",
        "posters     2      0.1  2 are wrong: the key is not set the days",
        "1 of 2 shops are fine.",
    ]


def test_a_block_has_the_shops_name_and_what_it_printed_or_why_it_did_not() -> None:
    assert shop_block(FINE).splitlines()[1::2] == ["prints", '{"schema_version": 1}']
    assert shop_block(WRONG).splitlines()[3:] == ["2 are wrong:", "  the key is not set", "  the days"]
