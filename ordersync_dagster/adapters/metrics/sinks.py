"""Metrics in Prometheus' text format: a file for node-exporter's textfile collector, or a push gateway.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import ssl
import tempfile
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from urllib.request import HTTPSHandler, Request, build_opener  # noqa: TID251  # as prometheus_client does

from ordersync_dagster.core.metrics import PREFIX, Metric

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import GaugeMetricFamily

JOB = "ordersync"
SHOP = "shop"  # the label that tells shops apart
TIMEOUT = 10.0  # seconds
READABLE_BY_ALL = 0o644  # node-exporter runs as another user, and there are no secrets in it


class MetricsFile:
    """A file that is replaced as a whole. A run that failed keeps the old file's values that it does not know."""

    def __init__(self, path: Path, labels: Mapping[str, str]) -> None:
        self.name, self._path, self._labels = str(path), path, labels

    def publish(self, metrics: Sequence[Metric]) -> None:
        """Raises OSError where the file cannot be written."""
        from prometheus_client import generate_latest

        known = {each.name for each in metrics}
        text = generate_latest(_registry([*metrics, *_kept(self._path, known, self._labels)], self._labels))
        # Its name does not end with .prom, so that node-exporter does not read it before it is whole.
        with tempfile.NamedTemporaryFile(dir=self._path.parent, prefix=f".{self._path.name}.", delete=False) as file:
            made = Path(file.name)
            try:
                file.write(text)
                file.flush()
                made.chmod(READABLE_BY_ALL)
                made.replace(self._path)
            except BaseException:
                made.unlink(missing_ok=True)
                raise


class PushGateway:
    """A push gateway. A run that failed leaves the values there that it does not know.

    `ca_bundle` is a file of certificates to trust instead of the usual ones.
    """

    def __init__(self, url: str, labels: Mapping[str, str], ca_bundle: str | None = None) -> None:
        parts = urlsplit(url)
        self._user, self._password = parts.username or "", parts.password or ""
        self._ca_bundle = ca_bundle
        self._url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        self.name, self._labels = self._url, dict(labels)

    def publish(self, metrics: Sequence[Metric]) -> None:
        """Raises OSError where it does not answer or refuses."""
        from prometheus_client import pushadd_to_gateway

        registry = _registry(metrics, {})
        pushadd_to_gateway(
            self._url, JOB, registry, grouping_key=self._labels or None, timeout=TIMEOUT, handler=self._handler
        )

    def _handler(
        self, url: str, method: str, timeout: float | None, headers: Iterable[tuple[str, str]], data: bytes
    ) -> Callable[[], None]:
        """As prometheus_client's own handlers, which know user and password or certificates, not both."""
        request = Request(url, data, dict(headers), method=method)  # noqa: S310  # the setting takes http and https alone
        if self._user:
            login = b64encode(f"{self._user}:{self._password}".encode()).decode()
            request.add_header("Authorization", f"Basic {login}")
        opener = build_opener(HTTPSHandler(context=ssl.create_default_context(cafile=self._ca_bundle)))
        return lambda: opener.open(request, timeout=timeout).close()


def _registry(metrics: Sequence[Metric], labels: Mapping[str, str]) -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry

    class Collector:
        def collect(self) -> "Iterator[GaugeMetricFamily]":
            return (_family(metric, labels) for metric in metrics)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    return registry


def _family(metric: Metric, labels: Mapping[str, str]) -> "GaugeMetricFamily":
    from prometheus_client.metrics_core import GaugeMetricFamily

    family = GaugeMetricFamily(metric.name, metric.help)
    for own, value in metric.samples:
        family.add_sample(metric.name, {**labels, **own}, value)
    return family


def _kept(path: Path, known: Collection[str], labels: Mapping[str, str]) -> Iterator[Metric]:
    """The metrics of the file before, without those that are known now. A file that nobody can read has none."""
    from prometheus_client.parser import text_string_to_metric_families

    try:
        families = list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return
    for each in families:
        if each.name.startswith(PREFIX) and each.name not in known:
            of_shop = [one for one in each.samples if one.labels.get(SHOP) == labels.get(SHOP)]
            own = [({k: v for k, v in one.labels.items() if k != SHOP}, one.value) for one in of_shop]
            yield Metric(each.name, each.documentation, own)
