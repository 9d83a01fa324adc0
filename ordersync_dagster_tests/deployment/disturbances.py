"""What happens to the runs: one is killed, one shop's Stripe is down, one database goes away."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy.exc import DBAPIError

from ordersync_dagster.sandbox import Fault
from ordersync_dagster_tests.deployment.servers import Postgres
from ordersync_dagster_tests.deployment.shops import PretendShop
from ordersync_dagster_tests.orchestration.deployment import Deployment

LOOK_EVERY = 0.1  # seconds
RUNNING = """{ runsOrError(filter: {statuses: [STARTED]}) { ... on Runs { results { runId tags { key value } } } } }"""

Say = Callable[[str], None]
Disturbance = Callable[[Event, Say], None]


def kill_of(shop: PretendShop, dagster: Deployment) -> Disturbance:
    """kill -9 of the process of its run, once it has written something."""

    def happen(is_over: Event, say: Say) -> None:
        while not is_over.wait(LOOK_EVERY):
            process = _process_of(dagster, shop.name)
            if process and _has_written(shop):
                os.kill(process, signal.SIGKILL)
                say(f"{shop.name}: its run (process {process}) was killed at {shop.database.count('orders')} orders")
                return

    return happen


def stripe_down(shop: PretendShop, seconds: float) -> Disturbance:
    """Its Stripe answers 500 for a while, from the first pages of its run on."""

    def happen(is_over: Event, say: Say) -> None:
        while not is_over.wait(LOOK_EVERY):
            if shop.sandbox.requests:
                shop.sandbox.faults.add(Fault("/v1/", "status", 500, times=None))
                say(f"{shop.name}: Stripe is down")
                time.sleep(seconds)
                shop.sandbox.faults.clear()
                say(f"{shop.name}: Stripe is back after {seconds:.0f} s; {shop.sandbox.faults.fired} requests failed")
                return

    return happen


def database_away(shop: PretendShop, server: Postgres, seconds: float) -> Disturbance:
    """Its PostgreSQL is stopped in the middle of its run, and started again."""

    def happen(is_over: Event, say: Say) -> None:
        while not is_over.wait(LOOK_EVERY):
            if _has_written(shop):
                say(f"{shop.name}: its database goes away at {shop.database.count('orders')} orders")
                server.stop()
                time.sleep(seconds)
                server.start()
                say(f"{shop.name}: its database is back after {seconds:.0f} s")
                return

    return happen


@contextmanager
def disturbed(disturbances: Sequence[Disturbance], say: Say) -> Iterator[None]:
    """Each of `disturbances` happens once, side by side."""
    is_over = Event()
    threads = [Thread(target=each, args=(is_over, say), daemon=True) for each in disturbances]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def _has_written(shop: PretendShop) -> bool:
    try:
        return shop.database.count("orders") > 0
    except DBAPIError:
        return False


def _process_of(dagster: Deployment, shop: str) -> int | None:
    """The process of the run of a shop that is under way."""
    for run in dagster.ask(RUNNING)["runsOrError"]["results"]:
        tags = {each["key"]: each["value"] for each in run["tags"]}
        if tags.get("ordersync/shop") == shop and "ordersync/process" in tags:
            return int(tags["ordersync/process"].split()[2])
    return None
