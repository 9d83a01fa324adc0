"""Printful's orders, read only: API v1, and the parcels of API v2."""

import json
from collections.abc import Sequence

from ordersync_dagster.sandbox.vendors.keys import PRINTFUL_KEY
from ordersync_dagster.sandbox.vendors.records import Entry, RecordIndex
from ordersync_dagster.sandbox.vendors.wire import Answer, Request
from ordersync_dagster.sandbox.world.parcels_v2 import order_v2, page_v2, parcels_of
from ordersync_dagster.sandbox.world.world import Json, World, dump, raw_of

REASONS = {
    400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed",
    429: "TooManyRequests", 500: "InternalServerError", 502: "BadGateway", 503: "ServiceUnavailable",
}  # fmt: skip
NEEDS_STORE = "This endpoint requires `store_id`!"


class PrintfulError(Exception):
    """A refused request."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    def answer(self) -> Answer:
        """The refusal as JSON; Printful repeats the message in two places."""
        error = {"reason": REASONS.get(self.status, "Error"), "message": str(self)}
        return Answer(self.status, dump({"code": self.status, "result": str(self), "error": error}))


class PrintfulWire:
    """Answers made from one world; each order is serialised once."""

    def __init__(self, world: World, *, store_id_required: bool = False, owner: str = "") -> None:
        self._store_id_required, self._key = store_id_required, PRINTFUL_KEY + owner
        self._world, records = world, world.printful_orders
        self._external = {o["external_id"]: str(o["id"]) for o in records if o["external_id"] is not None}
        self._orders = RecordIndex(
            (
                Entry(str(order["id"]), order["created"], body, {"status": order["status"]})
                for order, body in zip(records, raw_of(records), strict=True)
            ),
            ("status",),
        )

    def answer(self, request: Request) -> Answer:
        """The answer to any request below /orders and /v2/orders, also a refusal."""
        try:
            self._authorise(request)
            return Answer(200, self._body(request))
        except PrintfulError as refusal:
            return refusal.answer()

    def _authorise(self, request: Request) -> None:
        if request.bearer is None:
            raise PrintfulError(401, "Malformed Authorization header.")
        if request.bearer != self._key:
            raise PrintfulError(401, "The access token provided is invalid.")
        if request.method != "GET":
            raise PrintfulError(405, "The sandbox only answers GET.")
        if self._store_id_required and "x-pf-store-id" not in request.headers:
            raise PrintfulError(400, NEEDS_STORE)

    def _body(self, request: Request) -> bytes:
        match request.path.strip("/").split("/"):
            case ["orders"]:
                return self._list(dict(request.params()))
            case ["orders", name]:
                return b'{"code":200,"result":%b,"extra":[]}' % self._order(name)
            case ["v2", "orders"]:
                return self._page_v2(request, [order_v2(each) for each in self._world.printful_orders])
            case ["v2", "orders", name, "shipments"]:
                return self._page_v2(request, self._parcels(json.loads(self._order(name))))
        raise PrintfulError(404, "Not Found")

    def _parcels(self, order: Json) -> Sequence[Json]:
        own = self._world.parcels.get(order["id"])
        return parcels_of(order, self._world.now) if own is None else own

    def _page_v2(self, request: Request, rows: Sequence[Json]) -> bytes:
        params = dict(request.params())
        limit = _number(params, "limit", default=20, least=1, most=100)
        return dump(page_v2(rows, _number(params, "offset", default=0, least=0), limit, request.path))

    def _list(self, params: dict[str, str]) -> bytes:
        limit = _number(params, "limit", default=20, least=1, most=100)
        offset = _number(params, "offset", default=0, least=0)
        status = params.get("status")
        ranks = self._orders.matching({"status": [status]} if status else {})
        bodies = [self._orders.bodies[rank] for rank in ranks[offset : offset + limit]]
        paging = dump({"total": len(ranks), "offset": offset, "limit": limit})
        return b'{"code":200,"result":[%b],"extra":[],"paging":%b}' % (b",".join(bodies), paging)

    def _order(self, name: str) -> bytes:
        is_external = name.startswith("@")
        order_id = self._external.get(name[1:]) if is_external else name
        body = None if order_id is None else self._orders.body(order_id)
        if body is None:
            raise PrintfulError(404, "Not Found")
        return body


def _number(params: dict[str, str], name: str, *, default: int, least: int, most: int | None = None) -> int:
    text = params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < least or (most is not None and int(text) > most):
        raise PrintfulError(400, f"Invalid value for `{name}`: {text}")
    return int(text)


def by_status(status: int, seconds: int = 60) -> PrintfulError:
    """Printful's error for a status, for faults on request."""
    if status == 429:
        wait = f"Please try again after {seconds} seconds."
        return PrintfulError(429, f"You've recently sent too many requests. {wait}")
    if status == 404:
        return PrintfulError(404, "Not Found")
    return PrintfulError(status, f"The request was refused with status {status}.")
