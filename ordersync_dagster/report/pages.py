"""Pages for the browser: self-contained, without scripts, everything from outside escaped."""

from datetime import datetime
from typing import Any


def rendered(template: str, **values: Any) -> str:
    """A template of this folder with `values`; a value that the template lacks is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("ordersync_dagster", "report")
    page = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page.filters |= {"day": _day, "moment": _moment}
    return page.get_template(template).render(**values)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
