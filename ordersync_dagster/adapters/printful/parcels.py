"""Printful API v2: the parcels of single orders. API v1 does not say whether a parcel arrived.

https://developers.printful.com/docs/v2-beta/#tag/Orders-v2
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ordersync_dagster.adapters.http.client import Answer
from ordersync_dagster.adapters.printful.access import PrintfulAccess, require_access
from ordersync_dagster.core.delivery import RawParcels
from ordersync_dagster.core.errors import (
    KeyRefusedError,
    SettingsError,
    VendorAnswerError,
    VendorError,
    VendorUnavailableError,
)
from ordersync_dagster.core.printful_order import Missing, NotAsked
from ordersync_dagster.core.printful_order_fields import text_of

API = "Printful's API v2"
MAX_FAILURES = 3  # orders in a row without an answer; then Printful is down and no more are asked
MAX_REFUSALS = 50  # in a row; a few orders may be odd, so many are not
ACCEPTED = "application/json, application/problem+json"


class PrintfulParcelsApi:
    """Reads one Printful store, for one run."""

    def __init__(self, access: PrintfulAccess) -> None:
        self._access = access
        self._failures, self._refusals, self._reason = 0, 0, ""

    def check(self) -> None:
        """Raise KeyRefusedError, SettingsError or VendorError if the token cannot read parcels."""
        for order in self._rows(self._body("/v2/orders", {"limit": 1})):
            if isinstance(order, Mapping) and (order_id := text_of(order.get("id"))):
                self._rows(self._body(_path(order_id), {}))

    def parcels(self, printful_ids: Collection[str]) -> Iterator[tuple[str, RawParcels]]:
        """The parcels of each order: those that Printful lists, `Missing` after a 404, or `NotAsked`."""
        for printful_id in printful_ids:
            if self._failures >= MAX_FAILURES or self._refusals >= MAX_REFUSALS:
                yield printful_id, NotAsked(printful_id, self._reason)
            else:
                yield printful_id, self._answer(printful_id)

    def _answer(self, printful_id: str) -> RawParcels:
        try:
            found = self._listed(printful_id)
        except VendorUnavailableError as error:
            self._failures, self._reason = self._failures + 1, str(error).rstrip(".")
            return NotAsked(printful_id, self._reason)
        except (VendorError, KeyRefusedError, SettingsError) as error:
            self._failures, self._refusals, self._reason = 0, self._refusals + 1, str(error).rstrip(".")
            return NotAsked(printful_id, self._reason)
        self._failures = 0
        if found is None:
            self._refusals, self._reason = self._refusals + 1, f"{API} knows none of the last {MAX_REFUSALS} orders"
            return Missing(printful_id)
        self._refusals = 0
        return found

    def _listed(self, printful_id: str) -> list[object] | None:
        """All pages of an order's parcels; None where Printful does not know the order."""
        rows: list[object] = []
        names: set[str] = set()
        while True:
            answer = self._ask(_path(printful_id), {"offset": len(rows)} if rows else {})
            if answer.status == 404 and not rows:
                return None
            body = _checked(answer, _path(printful_id))
            page = self._rows(body)
            if any(_order_id(row) not in (None, printful_id) for row in page):
                raise VendorAnswerError(f"{API} answered with parcels of another order than {printful_id}")
            fresh = {name for row in page if (name := _name(row)) not in names}
            names, rows, total = names | fresh, rows + page, _total(body)
            if min(len(rows), len(names)) >= total:
                return rows
            if not fresh or len(rows) >= total:
                raise VendorAnswerError(f"{API} shows {len(names)} of the {total} parcels of order {printful_id}")

    def _body(self, path: str, params: dict[str, int]) -> Mapping[str, Any]:
        return _checked(self._ask(path, params), path)

    def _rows(self, body: Mapping[str, Any]) -> list[object]:
        rows: list[object] = body["data"]
        return rows

    def _ask(self, path: str, params: dict[str, int]) -> Answer:
        return self._access.get(path, params, ACCEPTED)


def _path(printful_id: str) -> str:
    return f"/v2/orders/{quote(printful_id, safe='')}/shipments"


def _checked(answer: Answer, path: str) -> Mapping[str, Any]:
    """The body of a list. A refusal is v1-style JSON or a problem document, so only its status is used."""
    require_access(answer, API)
    body = answer.body
    if answer.status != 200 or not isinstance(body, Mapping) or not isinstance(body.get("data"), list):
        raise VendorAnswerError(f"{API} answered {path} with HTTP {answer.status} and no list")
    return body


def _total(body: Mapping[str, Any]) -> int:
    paging = body.get("paging")
    total = paging.get("total") if isinstance(paging, Mapping) else None
    if type(total) is not int:
        raise VendorAnswerError(f"{API} does not say how many parcels there are")
    return total


def _order_id(row: object) -> str | None:
    return text_of(row.get("order_id")) if isinstance(row, Mapping) else None


def _name(row: object) -> str:
    """The parcel's id; a row without one stands for itself."""
    return (text_of(row.get("id")) if isinstance(row, Mapping) else None) or repr(row)
