"""What the processes of all shops need is loaded before they are forked, so that they share its memory."""

import subprocess
import sys

import pytest

LOADED = """
import sys
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.shop_groups import prepared
from ordersync_dagster.app.shops import Shop
with prepared([Shop("prints", Settings.model_validate({"ordersync_alert_urls": sys.argv[1]}))]):
    print("apprise" in sys.modules, "apprise.plugins.custom_json" in sys.modules)
"""


@pytest.mark.parametrize(
    ("urls", "found"), [("json://127.0.0.1:9 json://127.0.0.1:8", "True True"), ("", "False False")]
)
def test_apprise_is_loaded_once_where_a_shop_has_a_sink(urls: str, found: str) -> None:
    """Else each of 50 shops would load it: 1.4 GB, and the pod of the alerts has half a gigabyte."""
    ended = subprocess.run([sys.executable, "-c", LOADED, urls], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == found
