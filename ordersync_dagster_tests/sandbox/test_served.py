"""That only GET leaves is held wherever a test lets the package meet the pretend vendors."""

import re

import pytest
import requests

from ordersync_dagster.sandbox import World
from ordersync_dagster_tests.support.places import TESTS
from ordersync_dagster_tests.support.world import served


def test_a_post_is_noticed_even_where_the_requests_were_cleared(outage: World) -> None:
    def send() -> None:
        with served(outage) as sandbox:
            requests.post(f"{sandbox.url}/orders", timeout=10)
            sandbox.requests.clear()

    with pytest.raises(AssertionError, match="something was sent to a vendor"):
        send()


def test_no_test_but_the_sandboxs_own_serves_vendors_that_nobody_watches() -> None:
    own = {TESTS / "support/world.py", *(TESTS / "sandbox").rglob("*.py")}
    elsewhere = [path for path in TESTS.rglob("*.py") if path not in own]
    assert [path.name for path in elsewhere if re.search(r"\bserve\(", path.read_text())] == []
