"""Several shops before their commands run side by side."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ordersync_dagster.adapters.alerts.sinks import load_plugins
from ordersync_dagster.adapters.database.engine import connection
from ordersync_dagster.app.shops import Shop


@contextmanager
def prepared(shops: Sequence[Shop]) -> Iterator[None]:
    """What all processes need is loaded, so that each fork shares it. Opens nothing.

    A folder holds the rate limits of those that write nothing: it is gone afterwards.
    """
    import ordersync_dagster.app.run  # noqa: F401  # with the use case and all adapters

    for shop in shops:
        if shop.settings.database:
            connection.parse_url(shop.settings.database).get_dialect().import_dbapi()
    load_plugins([url for shop in shops for url in shop.settings.alert_urls])
    with TemporaryDirectory(prefix="ordersync-") as folder:
        for shop in shops:
            shop.settings.beside_others(Path(folder))
        yield
