"""The proof: three shops are brought up to date while things go wrong, and end as if nothing had."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.core.window import Window
from ordersync_dagster.orchestration.schedules import RANGE_END, RANGE_START
from ordersync_dagster_tests.deployment.disturbances import database_away, disturbed, kill_of, stripe_down
from ordersync_dagster_tests.deployment.servers import RUNS_AT_A_TIME, Postgres, dagster_processes, postgres
from ordersync_dagster_tests.deployment.shops import LONG, PER_SECOND, PretendShop, three_shops
from ordersync_dagster_tests.faults.results import is_audit_whole
from ordersync_dagster_tests.orchestration.deployment import ASSETS, ENDED, Deployment, wait_until
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import launched_over

KILLED, WITHOUT_STRIPE, WITHOUT_DATABASE = NAMES = ("mugs", "prints", "posters")
REPEATS = 2  # of what failed; docs/shops.md tells of one
RUNS = """{ runsOrError(limit: 100) { ... on Runs { results { runId status pipelineName tags { key value } } } } }"""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Form:
    """How long and how large."""

    days: int
    orders: int  # of each shop, in its last 30 days
    stripe_seconds: float
    database_seconds: float
    is_backfill: bool  # else each shop's run is launched by itself: Dagster looks at backfills only every 30 seconds


FULL = Form(days=90, orders=1500, stripe_seconds=40, database_seconds=60, is_backfill=True)
SHORT = Form(days=30, orders=300, stripe_seconds=6, database_seconds=6, is_backfill=False)


@dataclass(frozen=True)
class Stage:
    """The deployment with its shops."""

    form: Form
    shops: Sequence[PretendShop]
    far: Postgres  # the server that goes away
    dagster: Deployment

    @property
    def days(self) -> list[str]:
        """The days to be brought up to date, oldest first."""
        return self.dagster.days(f"{NAMES[0]}/orders")[-self.form.days :]

    def missing(self, shop: PretendShop) -> list[str]:
        """Its days that are not green; all of them where its Printful side is not."""
        green = self.dagster.green_days(f"{shop.name}/orders")
        return [day for day in self.days if day not in green] if self._is_printful_done(shop) else self.days

    def _is_printful_done(self, shop: PretendShop) -> bool:
        return bool(self.dagster.latest(f"{shop.name}/order_items"))


def prove(form: Form, say: Say) -> list[str]:
    """Sentences on what is not as it should be; none is the proof."""
    began = time.monotonic()

    def told(sentence: str) -> None:
        say(f"{time.monotonic() - began:6.1f} s  {sentence}")

    with _staged(form, told) as stage:
        with disturbed(_disturbances(stage), told):
            _bring_up_to_date(stage, stage.shops, told)
        for repeat in range(REPEATS):
            behind = [shop for shop in stage.shops if stage.missing(shop)]
            if not behind:
                break
            told(f"repeat {repeat + 1}, for {', '.join(shop.name for shop in behind)}")
            _bring_up_to_date(stage, behind, told)
        return list(_broken(stage, told))


@contextmanager
def _staged(form: Form, say: Say) -> Iterator[Stage]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ordersync-deployment-")))
        near, far = stack.enter_context(postgres()), stack.enter_context(postgres())
        say("two PostgreSQL servers are up")
        servers = {KILLED: near, WITHOUT_STRIPE: near, WITHOUT_DATABASE: far}
        shops, environment = stack.enter_context(three_shops(home, servers, form.orders))
        dagster = stack.enter_context(dagster_processes(home, near.make("dagster"), environment))
        say(f"webserver, daemon and code server are up; {RUNS_AT_A_TIME} run processes at a time")
        stage = Stage(form, shops, far, dagster)
        for shop in shops:
            _run_undisturbed(shop, stage.days)
        say(f"each of {len(shops)} shops lacks about {form.orders} orders; an undisturbed run was kept for comparison")
        yield stage


def _run_undisturbed(shop: PretendShop, days: Sequence[str]) -> None:
    window = Window.between(date.fromisoformat(days[0]), date.fromisoformat(days[-1]), utc_now())
    launched_over(window, settings_for(shop.sandbox, shop.undisturbed.url))
    shop.sandbox.requests.clear()


def _disturbances(stage: Stage) -> list[Callable[..., None]]:
    mugs, prints, posters = stage.shops
    return [
        kill_of(mugs, stage.dagster),
        stripe_down(prints, stage.form.stripe_seconds),
        database_away(posters, stage.far, stage.form.database_seconds),
    ]


def _bring_up_to_date(stage: Stage, shops: Sequence[PretendShop], say: Say) -> None:
    days = sorted({day for shop in shops for day in stage.missing(shop)})
    if stage.form.is_backfill:
        assets = [f"{shop.name}/{asset}" for shop in shops for asset in ASSETS]
        say(f"one backfill of {len(days)} days, {len(shops)} shops")
        ended = stage.dagster.backfill_assets(assets, days)
        runs = ended["runs"]
        say(f"the backfill has ended: {ended['status']}")
    else:
        say(f"a run of {len(days)} days for each of {len(shops)} shops")
        tags = {RANGE_START: days[0], RANGE_END: days[-1]}
        for shop in shops:
            stage.dagster.start(f"daily_order_sync_{shop.name}", {}, tags)
        runs = wait_until(lambda: _runs(stage), _have_ended)
    counted = Counter(str(run["status"]) for run in runs)
    say("runs: " + ", ".join(f"{count} {status}" for status, count in sorted(counted.items())))


def _runs(stage: Stage) -> list[dict[str, object]]:
    found: list[dict[str, object]] = stage.dagster.ask(RUNS)["runsOrError"]["results"]
    return found


def _have_ended(runs: Sequence[dict[str, object]]) -> bool:
    """Whether no run is under way and none is about to be tried again."""
    waiting = [run for run in runs if run["status"] == "FAILURE" and _will_be_retried(run, runs)]
    return not waiting and all(run["status"] in ENDED for run in runs)


def _will_be_retried(run: dict[str, object], runs: Sequence[dict[str, object]]) -> bool:
    wants = _tags(run).get("dagster/will_retry") == "true"
    return wants and not any(_tags(each).get("dagster/parent_run_id") == run["runId"] for each in runs)


def _tags(run: dict[str, object]) -> dict[str, str]:
    tags: list[dict[str, str]] = run["tags"]  # type: ignore[assignment]
    return {each["key"]: each["value"] for each in tags}


def _broken(stage: Stage, say: Say) -> Iterator[str]:
    for shop in stage.shops:
        sessions = shop.database.column("SELECT stripe_session_id FROM orders")
        green = len(stage.days) - len(stage.missing(shop))
        say(
            f"{shop.name}: {len(sessions)} orders, {green} of {len(stage.days)} days green, "
            f"{len(shop.sandbox.requests)} requests; at most {shop.busiest(1)} in a second and {shop.busiest(LONG)} in "
            f"{LONG} seconds to one of Stripe's endpoints"
        )
        if green < len(stage.days):
            yield f"{shop.name}: days are not green"
        if len(sessions) != len(set(sessions)):
            yield f"{shop.name}: a payment has two orders"
        if not shop.is_as_undisturbed():
            yield f"{shop.name}: its tables are not those of an undisturbed run"
        if not is_audit_whole(shop.database):
            yield f"{shop.name}: its audit is not whole"
        if not shop.is_within_budget:
            yield f"{shop.name}: more than {PER_SECOND} requests a second"
