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


def anchor(text: str, url: str) -> str:
    """A link that a template takes as it is; both parts are escaped."""
    from markupsafe import Markup

    return Markup('<a href="{}" rel="noreferrer">{}</a>').format(url, text)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
