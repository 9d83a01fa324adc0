"""The pretend vendors on a loopback port, in a separate thread."""

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, Thread
from typing import cast

import uvicorn

from ordersync_dagster.sandbox.server.app import App, Recorded, Vendors
from ordersync_dagster.sandbox.server.breakage import Connections
from ordersync_dagster.sandbox.server.faults import Faults
from ordersync_dagster.sandbox.server.limits import RateLimits
from ordersync_dagster.sandbox.vendors.keys import PRINTFUL_KEY, STORE_ID, STRIPE_KEY
from ordersync_dagster.sandbox.world.world import Json, World

HOST = "127.0.0.1"
START_SECONDS = 10.0
STOP_SECONDS = 5.0


class Sandbox:
    """Running pretend vendors; safe to change from any thread during requests."""

    def __init__(self, app: App, url: str, *, store_id_required: bool, owner: str = "") -> None:
        self.url = url
        self._app = app
        self._store_id_required, self._owner = store_id_required, owner
        self._lock = Lock()

    @property
    def world(self) -> World:
        """The world that is served now."""
        return self._app.vendors.world

    @property
    def faults(self) -> Faults:
        """The active faults."""
        return self._app.faults

    @property
    def requests(self) -> list[Recorded]:
        """All requests so far, in the order of their answers."""
        return self._app.requests

    @property
    def methods(self) -> set[str]:
        """All methods that were ever used, also by requests that were cleared later."""
        return self._app.methods

    def environment(self) -> dict[str, str]:
        """The settings that point a program at this sandbox instead of the real vendors."""
        settings = {
            "STRIPE_SECRET_KEY": STRIPE_KEY + self._owner,
            "PRINTFUL_API_KEY": PRINTFUL_KEY + self._owner,
            "STRIPE_API_BASE": self.url,
            "PRINTFUL_API_BASE": self.url,
        }
        return settings | ({"PRINTFUL_STORE_ID": STORE_ID} if self._store_id_required else {})

    def replace(self, world: World) -> None:
        """Serves another world from the next request on."""
        self._app.vendors = Vendors(world, store_id_required=self._store_id_required, owner=self._owner)

    def put_session(self, session: Json, line_items: Sequence[Json] | None = None) -> None:
        """Adds a session, or replaces the one with the same id."""
        with self._lock:
            self.replace(self.world.with_session(session, line_items))

    def remove_session(self, session_id: str) -> None:
        """Removes a session from Stripe."""
        with self._lock:
            self.replace(self.world.without_session(session_id))

    def put_refund(self, refund: Json) -> None:
        """Adds a refund, or replaces the one with the same id."""
        with self._lock:
            self.replace(self.world.with_refund(refund))

    def put_dispute(self, dispute: Json) -> None:
        """Adds a dispute, or replaces the one with the same id."""
        with self._lock:
            self.replace(self.world.with_dispute(dispute))

    def put_invoice_payment(self, payment: Json) -> None:
        """Adds a payment of an invoice, or replaces the one with the same id."""
        with self._lock:
            self.replace(self.world.with_invoice_payment(payment))

    def put_printful_order(self, order: Json) -> None:
        """Adds a Printful order, or replaces the one with the same id."""
        with self._lock:
            self.replace(self.world.with_printful_order(order))

    def put_parcels(self, order_id: int, parcels: Sequence[Json]) -> None:
        """Sets the parcels that Printful's API v2 shows of one order."""
        with self._lock:
            self.replace(self.world.with_parcels(order_id, parcels))

    def remove_printful_order(self, order_id: int) -> None:
        """Removes an order from Printful."""
        with self._lock:
            self.replace(self.world.without_printful_order(order_id))


@contextmanager
def serve(
    world: World, *, port: int = 0, latency: float = 0.0, rate_limits: RateLimits | None = None,
    store_id_required: bool = False, owner: str = "",
) -> Iterator[Sandbox]:  # fmt: skip
    """Serves a world on loopback until the context ends; port 0 takes a free port.

    `latency` is seconds a request; `owner` ends the keys of one of several shops. Raises OSError if the port is taken.
    """
    listener = _listener(port)
    vendors = Vendors(world, store_id_required=store_id_required, owner=owner)
    app = App(vendors, lambda: _connections(server), latency=latency, limits=rate_limits or {})
    server = uvicorn.Server(_config(app))
    thread = Thread(target=server.run, args=([listener],), name="ordersync-sandbox", daemon=True)
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    try:
        thread.start()
        _await_start(server, thread)
        yield Sandbox(app, url, store_id_required=store_id_required, owner=owner)
    finally:
        server.should_exit = server.force_exit = True
        thread.join(STOP_SECONDS)
        listener.close()


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def _config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app, log_config=None, log_level="warning", access_log=False, lifespan="off", ws="none",
        server_header=False, date_header=False, proxy_headers=False, timeout_keep_alive=60,
    )  # fmt: skip


def _connections(server: uvicorn.Server) -> Connections:
    return cast("Connections", tuple(server.server_state.connections))


def _await_start(server: uvicorn.Server, thread: Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the sandbox did not start")
        time.sleep(0.005)
