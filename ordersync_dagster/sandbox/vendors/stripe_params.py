"""The parameters of Stripe's list endpoints, checked as strictly as Stripe does."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ordersync_dagster.sandbox.vendors.records import Bounds
from ordersync_dagster.sandbox.vendors.stripe_errors import invalid, unknown_param

PAGING = frozenset({"limit", "starting_after", "ending_before"})
CREATED = frozenset({"created", "created[gt]", "created[gte]", "created[lt]", "created[lte]"})
STARTS = (("created", 0), ("created[gte]", 0), ("created[gt]", 1))  # seconds to add for a half-open range
ENDS = (("created", 1), ("created[lt]", 0), ("created[lte]", 1))
INDEXED = re.compile(r"\[\d*\]$")


@dataclass(frozen=True)
class ListParams:
    """The parameters of one list request."""

    limit: int = 10
    starting_after: str | None = None
    ending_before: str | None = None
    bounds: Bounds = field(default_factory=Bounds)
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    expand: frozenset[str] = frozenset()


def parse(
    params: Sequence[tuple[str, str]],
    *,
    filters: Mapping[str, str],
    expandable: frozenset[str] = frozenset(),
    has_created: bool = True,
) -> ListParams:
    """Reads a query; `filters` maps parameter names to columns. Raises StripeError as Stripe would."""
    known = PAGING | filters.keys() | {"expand[]"} | (CREATED if has_created else frozenset())
    values: dict[str, list[str]] = {}
    for name, value in params:
        plain = INDEXED.sub("[]", name)
        if plain not in known:
            raise unknown_param(name)
        values.setdefault(plain, []).append(value)
    one = {name: found[-1] for name, found in values.items()}
    if "starting_after" in one and "ending_before" in one:
        raise invalid("starting_after", "You cannot use starting_after and ending_before together.")
    return ListParams(
        limit=_limit(one.get("limit", "10")),
        starting_after=one.get("starting_after"),
        ending_before=one.get("ending_before"),
        bounds=_bounds(one),
        filters={filters[name]: values[name] for name in filters.keys() & values.keys()},
        expand=check_expand(values.get("expand[]", ()), expandable),
    )


def check_expand(wanted: Sequence[str], expandable: frozenset[str]) -> frozenset[str]:
    """The requested expansions; raises StripeError for one that the sandbox does not support."""
    for path in wanted:
        if path not in expandable:
            raise invalid("expand", f"This property cannot be expanded ({path}).")
    return frozenset(wanted)


def _limit(text: str) -> int:
    limit = _integer("limit", text)
    if not 1 <= limit <= 100:
        raise invalid("limit", f"This value must be between 1 and 100 (it currently is '{limit}').")
    return limit


def _bounds(one: Mapping[str, str]) -> Bounds:
    """All five spellings of `created` as one half-open range."""
    asked = {name: _integer(name, one[name]) for name in CREATED & one.keys()}
    starts = [asked[name] + by for name, by in STARTS if name in asked]
    ends = [asked[name] + by for name, by in ENDS if name in asked]
    return Bounds(max(starts, default=None), min(ends, default=None))


def _integer(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise invalid(name, f"Invalid integer: {text}", "parameter_invalid_integer") from None
