"""A sink for each URL of ORDERSYNC_ALERT_URLS, through apprise. The URLs are secrets: no log, no error shows one."""

import hashlib
import logging
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from ordersync_dagster.core.alerts import TAKEN, SinkAnswer
from ordersync_dagster.core.errors import SettingsError

_LOGGERS = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib", "asyncio", "paho", "slixmpp")
_heard: ContextVar[list[str] | None] = ContextVar("ordersync_heard", default=None)  # sentences, while it sends
_STATUS = re.compile(r"\berror=(\d{3})\b")  # as apprise's plugins log the answer of a server
_NOT_UNDERSTOOD = "apprise does not understand its URL; docs/alerts.md has examples"
_NO_CONNECTION = "it could not be reached, did not answer in time, or refused the certificate or the login"


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

    def send(self, title: str, body: str) -> SinkAnswer:
        """Whether the sink took the message, and why not. Never raises: its error may hold the URL."""
        try:
            with _without_logs():
                plugin = _plugin(self.url)
            if plugin is None:
                return SinkAnswer(_NOT_UNDERSTOOD)
            if self.ca_bundle and plugin.verify_certificate:
                plugin.verify_certificate = self.ca_bundle  # apprise hands it to requests, which takes a file too
            with _without_logs() as heard:  # once more, because the plugin brought loggers of its own
                is_taken = bool(plugin.notify(body=body, title=title, body_format="text"))
            return TAKEN if is_taken else SinkAnswer(heard[-1] if heard else "apprise does not say why")
        except Exception as error:  # noqa: BLE001  # the next try sends it
            return SinkAnswer(f"apprise stopped with {type(error).__name__}")


def load_plugins(urls: Iterable[str]) -> None:
    """Load apprise and its plugins for `urls`, so that forked processes share them. Opens no connection."""
    if find_spec("apprise") is not None:
        kinds = {url.partition(":")[0].lower(): sink for sink in sinks_of(urls) for url in [sink.url]}
        for sink in kinds.values():
            _ = sink.is_understood


def sinks_of(urls: Iterable[str], ca_bundle: str | None = None) -> list[Sink]:
    """A sink for each URL."""
    return [Sink(place, url, ca_bundle) for place, url in enumerate(urls, start=1)]


def _plugin(url: str) -> Any:
    import apprise

    asset = apprise.AppriseAsset(app_id="ordersync", app_desc="ordersync", async_mode=False)
    plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if plugin is not None and plugin.overflow_mode == apprise.OverflowMode.UPSTREAM:
        plugin.overflow_mode = apprise.OverflowMode.TRUNCATE  # a part of several that fails would double the others
    return plugin


class _Hidden(logging.Filter):
    """Drops log records while a message is sent; it keeps the status of an answer, or a sentence of our own."""

    def filter(self, record: logging.LogRecord) -> bool:
        heard = _heard.get()
        if heard is None:
            return True
        text = record.getMessage()
        if status := _STATUS.search(text):
            heard.append(f"it answered with status {status[1]}")
        elif "onnection error" in text:
            heard.append(_NO_CONNECTION)
        return False


_HIDDEN = _Hidden()


@contextmanager
def _without_logs() -> Iterator[list[str]]:
    """Silence apprise and the libraries below it: they tell addresses. Other threads log as before."""
    known = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _LOGGERS]
    for name in {*_LOGGERS, *known}:
        logging.getLogger(name).addFilter(_HIDDEN)
    heard = list[str]()
    token = _heard.set(heard)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a certificate that nobody checks; modules that Python 3.13 lacks
            yield heard
    finally:
        _heard.reset(token)
