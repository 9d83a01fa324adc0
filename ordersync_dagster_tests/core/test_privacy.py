"""Personal data that may be shown or compared."""

import pytest

from ordersync_dagster.core.errors import UsageError
from ordersync_dagster.core.privacy import require_address


def test_an_address_is_taken_without_the_spaces_around_it() -> None:
    assert require_address(" kim@example.com\n") == "kim@example.com"
    assert require_address("kim lee@example.com") == "kim lee@example.com"


@pytest.mark.parametrize(
    "text",
    ["", "kim", "@example.com", "kim@", " @example.com", "kim@ ", "@", "kim@@", "@@example.com", "kim@example.com@"],
)
def test_whatever_is_no_address_is_refused_before_anything_is_done(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        require_address(text)
    assert str(refused.value) == "this is not an e-mail address, such as name@example.com: nothing was done"
