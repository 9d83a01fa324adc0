"""A sink for each URL of ORDERSYNC_ALERT_URLS, through apprise. The URLs are secrets: no log, no error shows one."""

import hashlib
import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from ordersync_dagster.core.errors import SettingsError

_LOGGERS = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib", "asyncio", "paho", "slixmpp")
_is_sending: ContextVar[bool] = ContextVar("ordersync_is_sending", default=False)


def require_apprise() -> None:
    """Raise SettingsError where the extra is not installed."""
    if find_spec("apprise") is None:
        raise SettingsError("ORDERSYNC_ALERT_URLS needs apprise: pip install 'ordersync-dagster[alerts]'")


@dataclass(frozen=True)
class Sink:
    """One URL; `place` is its number in the setting, from 1.

    `ca_bundle` is a file of certificates to trust instead of the usual ones, where the sink is reached by HTTPS.
    """

    place: int
    url: str = field(repr=False)
    ca_bundle: str | None = None

    @property
    def name(self) -> str:
        """The name that people see: sink 2 (slack)."""
        return f"sink {self.place} ({self.url.partition(':')[0].lower()})"

    @cached_property
    def id(self) -> str:
        """Tells the sinks of all processes apart. The URL cannot be guessed from it, even where its secret is short."""
        return hashlib.scrypt(self.url.encode(), salt=b"ordersync_alerts", n=2**13, r=8, p=1, dklen=8).hex()

    @property
    def is_understood(self) -> bool:
        """Whether apprise knows this kind of URL and finds all of its parts."""
        with _without_logs():
            return _plugin(self.url) is not None

    def send(self, title: str, body: str) -> bool:
        """Whether the sink took the message. Never raises: its error may hold the URL."""
        try:
            with _without_logs():
                plugin = _plugin(self.url)
            if self.ca_bundle and plugin is not None and plugin.verify_certificate:
                plugin.verify_certificate = self.ca_bundle  # apprise hands it to requests, which takes a file too
            with _without_logs():  # once more, because the plugin brought loggers of its own
                return plugin is not None and bool(plugin.notify(body=body, title=title, body_format="text"))
        except Exception:  # noqa: BLE001  # the next try sends it
            return False


def sinks_of(urls: Iterable[str], ca_bundle: str | None = None) -> list[Sink]:
    """A sink for each URL."""
    return [Sink(place, url, ca_bundle) for place, url in enumerate(urls, start=1)]


def _plugin(url: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports modules that Python 3.13 no longer has
        import apprise

        asset = apprise.AppriseAsset(app_id="ordersync", app_desc="ordersync", async_mode=False)
        plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if plugin is not None and plugin.overflow_mode == apprise.OverflowMode.UPSTREAM:
        plugin.overflow_mode = apprise.OverflowMode.TRUNCATE  # a part of several that fails would double the others
    return plugin


class _Hidden(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not _is_sending.get()


_HIDDEN = _Hidden()


@contextmanager
def _without_logs() -> Iterator[None]:
    """Silence apprise and the libraries below it, because they log addresses (secrets). Other threads log as before."""
    known = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _LOGGERS]
    for name in {*_LOGGERS, *known}:
        logging.getLogger(name).addFilter(_HIDDEN)
    token = _is_sending.set(True)
    try:
        yield
    finally:
        _is_sending.reset(token)
