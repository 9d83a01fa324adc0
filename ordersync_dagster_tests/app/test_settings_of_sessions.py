"""Which sessions are the shop's: their modes and the match."""

import pytest

from ordersync_dagster.app.settings import Settings
from ordersync_dagster.core.errors import SettingsError


def test_the_modes_are_those_of_the_shops_webhook_unless_said() -> None:
    assert Settings().ordersync_checkout_modes == {"payment", "subscription"}
    assert Settings(ordersync_checkout_modes=" payment ,").ordersync_checkout_modes == {"payment"}


@pytest.mark.parametrize("modes", ["setup", "payment,setup", ",", "Payment"])
def test_a_mode_that_makes_no_order_is_refused(modes: str) -> None:
    with pytest.raises(SettingsError, match="ORDERSYNC_CHECKOUT_MODES"):
        Settings(ordersync_checkout_modes=modes).require()


@pytest.mark.parametrize(
    ("text", "session", "is_ours"),
    [
        ("metadata.shop", {"metadata": {"shop": "x"}}, True),
        ("metadata.shop", {"metadata": {}}, False),
        ("metadata.shop=north", {"metadata": {"shop": "north"}}, True),
        ("metadata.shop=north", {"metadata": {"shop": "south"}}, False),
        ("metadata.shop=a=b", {"metadata": {"shop": "a=b"}}, True),
        ("payment_link=plink_1", {"payment_link": "plink_1"}, True),
        ("payment_link=plink_1", {"payment_link": None}, False),
    ],
)
def test_a_match_tells_this_shops_sessions(text: str, session: dict[str, object], is_ours: bool) -> None:
    match = Settings(ordersync_session_match=text).ordersync_session_match
    assert match is not None
    assert match.accepts(session) is is_ours


def test_without_a_match_all_sessions_are_ours() -> None:
    assert Settings().ordersync_session_match is None
    assert Settings(ordersync_session_match="  ").ordersync_session_match is None


@pytest.mark.parametrize("text", ["shop=north", "metadata.", "metadata", "payment_link=", "payment_link"])
def test_a_match_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"ORDERSYNC_SESSION_MATCH \(.*\) is"):
        Settings(ordersync_session_match=text).require()
