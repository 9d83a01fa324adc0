"""Checks of the settings for metrics."""

import re
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from ordersync_dagster.core.errors import SettingsError


def metrics_file(text: str | Path) -> Path:
    """A file that node-exporter's textfile collector reads: it reads those that end with .prom."""
    path = Path(text)
    if not path.is_absolute() or path.suffix != ".prom":
        raise SettingsError(
            "ORDERSYNC_METRICS_FILE is a whole path that ends with .prom, in the folder that node-exporter's textfile "
            "collector reads, such as /var/lib/node_exporter/textfile/ordersync.prom"
        )
    _require_client("ORDERSYNC_METRICS_FILE")
    return path


def pushgateway(url: str) -> str:
    """A URL, perhaps with user and password; no message shows it."""
    wanted = "ORDERSYNC_METRICS_PUSHGATEWAY is a URL without a query, such as http://pushgateway.example.com:9091"
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise SettingsError(wanted) from None
    if not is_url or parts.query or parts.fragment or not re.fullmatch(r"[\x21-\x7e]+", url):
        raise SettingsError(wanted)
    _require_client("ORDERSYNC_METRICS_PUSHGATEWAY")
    return url


def metrics_shop(text: str) -> str:
    """The value of the label `shop`."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", text):
        raise SettingsError("ORDERSYNC_METRICS_SHOP is a name of at most 63 letters, digits, dots, - and _")
    return text


def _require_client(name: str) -> None:
    if find_spec("prometheus_client") is None:
        raise SettingsError(f"{name} needs the package prometheus-client: pip install 'ordersync-dagster[metrics]'")
