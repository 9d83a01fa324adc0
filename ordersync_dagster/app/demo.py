"""A demonstration on the pretend shop."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ordersync_dagster.app.drift import open_reading
from ordersync_dagster.app.pretend_shops import pretend_shop
from ordersync_dagster.app.run import start_run
from ordersync_dagster.app.settings import Settings
from ordersync_dagster.app.status import read_status
from ordersync_dagster.app.wiring import open_run, utc_now
from ordersync_dagster.core.window import DEFAULT_DAYS, Window
from ordersync_dagster.report.drift.forms import ReportForm, written_as
from ordersync_dagster.report.drift.verdict import verdict_of
from ordersync_dagster.report.files import write_whole
from ordersync_dagster.report.history import rows_text
from ordersync_dagster.report.status_screen import status_text
from ordersync_dagster.report.text import summary_text
from ordersync_dagster.sync.order_sync import PrintfulScope

REPORT = "ordersync-demo.html"


def demonstrate() -> Iterator[str]:
    """A dry run, the run, a second run and the report on the `outage` scenario, line by line; reads no settings."""
    with pretend_shop() as environment:
        os.environ.setdefault("MPLCONFIGDIR", environment["ORDERSYNC_STATE_DIR"])  # else matplotlib writes to the home
        yield "A pretend shop whose webhooks were down for two days. Stripe and Printful are played on this machine."
        for title, dry_run in (
            ("1. What would change: ordersync sync --dry-run", True),
            ("2. The repair: ordersync sync", False),
            ("3. Once more: everything agrees now, and nothing is written", False),
        ):
            ready = open_run(_settings(environment), PrintfulScope.all, dry_run=dry_run)
            run = start_run(ready, Window.last_days(DEFAULT_DAYS, utc_now()))
            for _ in run.parts:
                continue
            yield f"\n{title}\n"
            yield summary_text(run.outcome)
            if not dry_run:
                rows = ", ".join(rows_text(count, name) for name, count in run.outcome.rows.items() if count)
                yield f"\nRows written: {rows or 'none'}"
        yield "\n4. What needs a person now: ordersync status\n"
        yield status_text(read_status(_settings(environment)))
        yield "\n5. The report: ordersync report -o FILE\n"
        yield _written_report(_settings(environment))


def _written_report(settings: Settings) -> str:
    """Write the report beside other temporary files, where it stays, and return its verdict and its place."""
    reading = open_reading(settings, Window.last_days(DEFAULT_DAYS, utc_now()))
    report = reading.report(reading.read())
    path = Path(tempfile.gettempdir()) / REPORT
    try:
        write_whole(path, written_as(report, ReportForm.html))
    except OSError as refused:
        return f"{verdict_of(report).sentence} The page could not be written to {path}: {refused.strerror}."
    return f"{verdict_of(report).sentence} Open the page in a browser: {path}"


def _settings(environment: dict[str, str]) -> Settings:
    """Settings of the pretend shop alone: neither the environment nor .env is read."""
    kinds: dict[str, type] = dict.fromkeys(("STRIPE_SECRET_KEY", "PRINTFUL_API_KEY", "DATABASE_URL"), SecretStr)
    kinds["ORDERSYNC_STATE_DIR"] = Path
    values: dict[str, Any] = {name.lower(): kinds.get(name, str)(value) for name, value in environment.items()}
    return Settings.model_construct(**values)
