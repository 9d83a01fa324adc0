"""Stripe's API: Checkout Sessions, their line items, refunds, disputes, invoice payments and events, read only."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import count
from typing import Any

from ordersync_dagster.sandbox.vendors import stripe_errors as errors
from ordersync_dagster.sandbox.vendors.keys import RESTRICTED_KEY, STRIPE_KEY
from ordersync_dagster.sandbox.vendors.records import Entry, RecordIndex, slice_of
from ordersync_dagster.sandbox.vendors.stripe_errors import StripeError
from ordersync_dagster.sandbox.vendors.stripe_params import ListParams, check_expand, parse
from ordersync_dagster.sandbox.vendors.wire import Answer, Request
from ordersync_dagster.sandbox.world.events import API_VERSION
from ordersync_dagster.sandbox.world.world import Json, PackedLines, World, dump, raw_of

SESSIONS = "/v1/checkout/sessions"
EMAIL = "customer_details.email"
SESSION_FILTERS = {"status": "status", "payment_intent": "payment_intent", "customer_details[email]": EMAIL}
STATUSES = frozenset({"open", "complete", "expired"})
REFUND_FILTERS = DISPUTE_FILTERS = {"payment_intent": "payment_intent", "charge": "charge"}
INVOICE_PAYMENT_FILTERS = {"invoice": "invoice", "status": "status"}
EVENT_FILTERS = {"type": "type", "types[]": "type"}
NEEDS = {
    "refunds": "rak_charge_read",
    "disputes": "rak_dispute_read",
    "invoice_payments": "rak_invoice_read",
    "events": "rak_event_read",
}
INLINE = 10  # lines that an expanded session holds
_request_numbers = count(1)


class StripeWire:
    """Answers made from one world; each record is serialised once."""

    def __init__(self, world: World, *, owner: str = "") -> None:
        self._world, self._owner = world, owner
        self._sessions = index_of(world.sessions, ("status", "payment_intent", EMAIL))
        self._refunds = index_of(world.refunds, ("payment_intent", "charge"))
        self._disputes = index_of(world.disputes, ("payment_intent", "charge"))
        self._invoice_payments = index_of(world.invoice_payments, ("invoice", "status"))
        self._inline = inline_lines(world.line_items)

    @cached_property
    def _events(self) -> RecordIndex:
        return index_of(self._world.events, ("type",))

    def answer(self, request: Request) -> Answer:
        """The answer to any request below /v1, also a refusal."""
        try:
            authorise(request, self._owner)
            answer = Answer(200, self._body(request))
        except StripeError as refusal:
            answer = refusal.answer()
        return answer.with_headers(self.headers(request))

    @staticmethod
    def headers(request: Request) -> tuple[tuple[str, str], ...]:
        """The headers that Stripe adds to every answer."""
        version = request.headers.get("stripe-version", API_VERSION)
        return (("Request-Id", f"req_Sandbox{next(_request_numbers):07d}"), ("Stripe-Version", version))

    def _body(self, request: Request) -> bytes:
        match request.path.split("/")[2:]:
            case ["checkout", "sessions"]:
                return self._list_sessions(request)
            case ["checkout", "sessions", session_id]:
                return self._session(request, session_id)
            case ["checkout", "sessions", session_id, "line_items"]:
                return self._list_lines(request, session_id)
            case ["refunds"]:
                params = parse(request.params(), filters=REFUND_FILTERS)
                return listed(self._refunds, params, "/v1/refunds", "refund")
            case ["disputes"]:
                params = parse(request.params(), filters=DISPUTE_FILTERS)
                return listed(self._disputes, params, "/v1/disputes", "dispute")
            case ["invoice_payments"]:
                params = parse(request.params(), filters=INVOICE_PAYMENT_FILTERS)
                return listed(self._invoice_payments, params, "/v1/invoice_payments", "invoice payment")
            case ["events"]:
                params = parse(request.params(), filters=EVENT_FILTERS)
                return listed(self._events, params, "/v1/events", "event")
        raise errors.unknown_url(request.method, request.path)

    def _list_sessions(self, request: Request) -> bytes:
        params = parse(request.params(), filters=SESSION_FILTERS, expandable=frozenset({"data.line_items"}))
        for status in params.filters.get("status", ()):
            if status not in STATUSES:
                raise errors.invalid("status", "Invalid status: must be one of complete, expired, or open")
        ranks, has_more = page(self._sessions, params, "checkout session")
        bodies = self._sessions.bodies
        if "data.line_items" in params.expand:
            ids = self._sessions.ids
            return as_list([self._expanded(ids[rank], bodies[rank]) for rank in ranks], has_more, SESSIONS)
        return as_list([bodies[rank] for rank in ranks], has_more, SESSIONS)

    def _session(self, request: Request, session_id: str) -> bytes:
        body = self._known(session_id)
        asked = [value for name, value in request.params() if name.startswith("expand[")]
        for name, _ in request.params():
            if not name.startswith("expand["):
                raise errors.unknown_param(name)
        return self._expanded(session_id, body) if check_expand(asked, frozenset({"line_items"})) else body

    def _list_lines(self, request: Request, session_id: str) -> bytes:
        self._known(session_id)
        lines = self._world.line_items.get(session_id, ())
        index = RecordIndex(Entry(line["id"], 0, dump(line)) for line in lines)
        params = parse(request.params(), filters={}, has_created=False)
        return listed(index, params, f"{SESSIONS}/{session_id}/line_items", "line item")

    def _known(self, session_id: str) -> bytes:
        body = self._sessions.body(session_id)
        if body is None:
            raise errors.missing("checkout.session", session_id, param="session")
        return body

    def _expanded(self, session_id: str, body: bytes) -> bytes:
        """A session with its first lines; the serialised session is reused."""
        has_more, lines = self._inline.get(session_id, (False, b"[]"))
        return b'%b,"line_items":{"object":"list","data":%b,"has_more":%b,"url":"%b/%b/line_items"}}' % (
            body[:-1], lines, _flag(has_more), SESSIONS.encode(), session_id.encode(),
        )  # fmt: skip


def authorise(request: Request, owner: str = "") -> None:
    """Raises StripeError if the key may not make this request; `owner` ends the keys of one of several shops."""
    key = request.bearer
    if key is None:
        raise errors.no_key()
    if key not in {STRIPE_KEY + owner, RESTRICTED_KEY + owner}:
        raise errors.wrong_key(key)
    if request.method != "GET":
        raise errors.read_only(request.method)
    slug = NEEDS.get(request.path.split("/")[2])
    if slug is not None and key == RESTRICTED_KEY + owner:
        raise errors.not_permitted(key, slug)


def index_of(records: Sequence[Json], columns: Sequence[str]) -> RecordIndex:
    """An index of Stripe objects that can be filtered by these keys; a dot leads to a key of an object's object."""
    return RecordIndex(
        (
            Entry(record["id"], record["created"], body, {name: _value(record, name) for name in columns})
            for record, body in zip(records, raw_of(records), strict=True)
        ),
        columns,
    )


def _value(record: Json, name: str) -> Any:
    key, _, rest = name.partition(".")
    return _value(record[key] or {}, rest) if rest else record.get(name) if key == "email" else record[name]


def inline_lines(lines: Mapping[str, Sequence[Json]]) -> dict[str, tuple[bool, bytes]]:
    """For each session: whether it has more than INLINE lines, and the first ones as a JSON array."""
    if isinstance(lines, PackedLines):  # they have one line each
        return {session_id: (False, raw) for session_id, raw in lines.raw.items()}
    return {session_id: (len(of) > INLINE, dump(list(of[:INLINE]))) for session_id, of in lines.items()}


def page(records: RecordIndex, params: ListParams, what: str) -> tuple[Sequence[int], bool]:
    """The ranks of one page, newest first, and whether there are more in the requested direction."""
    ranks = records.matching(params.filters)
    first, last = records.between(params.bounds)
    if params.starting_after is not None:
        first = max(first, _cursor(records, params.starting_after, "starting_after", what) + 1)
    if params.ending_before is not None:
        last = min(last, _cursor(records, params.ending_before, "ending_before", what))
    start, end = slice_of(ranks, first, last)
    has_more = end - start > params.limit
    if params.ending_before is not None:
        return ranks[max(start, end - params.limit) : end], has_more
    return ranks[start : min(end, start + params.limit)], has_more


def _cursor(records: RecordIndex, entry_id: str, param: str, what: str) -> int:
    rank = records.rank.get(entry_id)
    if rank is None:
        raise errors.missing(what, entry_id, status=400, param=param)
    return rank


def listed(records: RecordIndex, params: ListParams, url: str, what: str) -> bytes:
    """One page of the records as a list object."""
    ranks, has_more = page(records, params, what)
    return as_list([records.bodies[rank] for rank in ranks], has_more, url)


def as_list(bodies: Sequence[bytes], has_more: bool, url: str) -> bytes:
    """Stripe's list object around serialised records."""
    return b'{"object":"list","data":[%b],"has_more":%b,"url":"%b"}' % (
        b",".join(bodies), _flag(has_more), url.encode(),
    )  # fmt: skip


def _flag(value: bool) -> bytes:
    return b"true" if value else b"false"
