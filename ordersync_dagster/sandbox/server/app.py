"""The pretend vendors as one ASGI application: records each request, and produces faults on request."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from functools import cached_property

from starlette.types import Message, Receive, Scope, Send

from ordersync_dagster.sandbox.server.breakage import Connections, break_off, cut_short, drip, drop, html_page
from ordersync_dagster.sandbox.server.faults import Fault, Faults
from ordersync_dagster.sandbox.server.limits import Limits, RateLimits
from ordersync_dagster.sandbox.vendors import printful_wire, stripe_errors
from ordersync_dagster.sandbox.vendors.printful_wire import PrintfulWire
from ordersync_dagster.sandbox.vendors.stripe_wire import StripeWire
from ordersync_dagster.sandbox.vendors.wire import Answer, Request
from ordersync_dagster.sandbox.world.world import World


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request and its status; `at` is its arrival on the monotonic clock, `headers` are without the key."""

    method: str
    path: str
    query: str
    status: int
    at: float
    headers: dict[str, str]


class Vendors:
    """The answers of both vendors, made from one world as soon as one of them is asked."""

    def __init__(self, world: World, *, store_id_required: bool, owner: str = "") -> None:
        self.world = world
        self._store_id_required, self._owner = store_id_required, owner

    @cached_property
    def stripe(self) -> StripeWire:
        """Stripe's side."""
        return StripeWire(self.world, owner=self._owner)

    @cached_property
    def printful(self) -> PrintfulWire:
        """Printful's side."""
        return PrintfulWire(self.world, store_id_required=self._store_id_required, owner=self._owner)


class App:
    """Replace `vendors` to change the world: each request sees either the old or the new one."""

    def __init__(
        self, vendors: Vendors, connections: Callable[[], Connections], *, latency: float, limits: RateLimits
    ) -> None:
        self.vendors = vendors
        self.faults = Faults()
        self.requests: list[Recorded] = []
        self.methods: set[str] = set()
        self._connections = connections
        self._latency = latency
        self._limits = Limits(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; at shutdown it closes the connection without an answer."""
        try:
            await self._respond(scope, receive, send)
        except asyncio.CancelledError:
            await drop(scope, receive, self._connections())

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, at = _request(scope), time.monotonic()
        if self._latency:
            await asyncio.sleep(self._latency)
        fault = self.faults.take(request)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.delay)
        answer = self._answer(request, fault, at)
        self._record(request, answer, at)
        match fault:
            case Fault(kind="reset" | "short_body"):
                await break_off(scope, receive, self._connections(), answer, is_reset=fault.kind == "reset")
            case Fault(kind="drip"):
                await send(_head(answer))
                await drip(receive, send, answer.body, fault.delay)
            case _:
                await send(_head(answer))
                await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, request: Request, fault: Fault | None, at: float) -> Answer:
        answer = self._limits.refusal(vendor_of(request), at) or self._vendor_answer(request)
        match fault:
            case Fault(kind="status"):
                return _refusal(request, fault)
            case Fault(kind="html"):
                return html_page()
            case Fault(kind="truncated_json"):
                return cut_short(answer)
        return answer

    def _vendor_answer(self, request: Request) -> Answer:
        vendors = self.vendors
        return (vendors.stripe if vendor_of(request) == "stripe" else vendors.printful).answer(request)

    def _record(self, request: Request, answer: Answer, at: float) -> None:
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        self.methods.add(request.method)
        self.requests.append(Recorded(request.method, request.path, request.query, answer.status, at, headers))


def vendor_of(request: Request) -> str:
    """The vendor that the path belongs to."""
    return "stripe" if request.path.startswith("/v1/") else "printful"


def _request(scope: Scope) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers)


def _refusal(request: Request, fault: Fault) -> Answer:
    if vendor_of(request) == "stripe":
        answer = stripe_errors.by_status(fault.status).answer(StripeWire.headers(request))
    else:
        answer = printful_wire.by_status(fault.status).answer()
    if fault.body is not None:
        body = fault.body.encode() if isinstance(fault.body, str) else fault.body
        answer = Answer(answer.status, body, answer.headers)
    return answer.with_headers(fault.headers.items())


def _head(answer: Answer) -> Message:
    dated = {"date": formatdate(usegmt=True)} | {name.lower(): value for name, value in answer.headers}
    headers = [(name.encode(), value.encode()) for name, value in dated.items()]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
