"""`--shop NAME|all`: which of several shops a command works on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from ordersync_dagster.app.shops import read_shops
from ordersync_dagster.cli import main
from ordersync_dagster.sandbox import Sandbox, World
from ordersync_dagster_tests.support.cli import Cli, command_on, document
from ordersync_dagster_tests.support.databases import Database
from ordersync_dagster_tests.support.shop_files import entry, secrets_of
from ordersync_dagster_tests.support.shops import seeded
from ordersync_dagster_tests.support.world import lost_ids, outage_of, served

# The pretend vendors are threads of this process.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
NAMES = ("prints", "posters")


@pytest.fixture
def world() -> World:
    from ordersync_dagster.app.wiring import utc_now

    return outage_of(utc_now().replace(second=0, microsecond=0))


@pytest.fixture
def databases(tmp_path: Path, world: World) -> dict[str, Database]:
    """A database for each shop, with what the world's webhooks left."""
    return {name: seeded(f"sqlite:///{tmp_path}/{name}.db", world) for name in NAMES}


@pytest.fixture
def ordersync(
    sandbox: Sandbox, databases: dict[str, Database], world: World, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> Iterator[Cli]:  # fmt: skip
    """The command with two shops: the first is the sandbox's, the second has vendors of its own."""
    sandbox.replace(world)
    monkeypatch.chdir(tmp_path)
    with (
        served(world, owner="OfPosters") as other,
        command_on(sandbox, databases["prints"], monkeypatch, capfd) as run,
    ):
        text = ""
        for (name, database), vendors in zip(databases.items(), (sandbox, other), strict=True):
            keys = vendors.environment()
            changes = {"stripe_key": keys["STRIPE_SECRET_KEY"], "printful_key": keys["PRINTFUL_API_KEY"]}
            for variable, value in secrets_of(name, database_url=database.url, **changes).items():
                monkeypatch.setenv(variable, value)
            text += entry(name, f'stripe_api_base = "{vendors.url}"\nprintful_api_base = "{vendors.url}"')
        (tmp_path / "ordersync.toml").write_text(text)
        yield run


@pytest.mark.parametrize(
    "command", [("sync",), ("doctor",), ("status",), ("db", "check"), ("problems",), ("runs",), ("audit", "verify")]
)
def test_several_shops_need_a_choice(command: tuple[str, ...], ordersync: Cli) -> None:
    ran = ordersync(*command)
    assert (ran.code, ran.out) == (2, "")
    assert "say --shop NAME or --shop all, or set ORDERSYNC_SHOP. The names are prints, posters" in ran.err


def test_a_mistyped_name_has_a_hint(ordersync: Cli) -> None:
    ran = ordersync("sync", "--shop", "poster")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no shop 'poster' (is it posters?)" in ran.err


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_shop_is_repaired_alone(by: str, ordersync: Cli, databases: dict[str, Database], world: World) -> None:
    before = {name: database.count("orders") for name, database in databases.items()}
    how = ("--shop", "posters") if by == "option" else ()
    assert ordersync("sync", *how, ORDERSYNC_SHOP="posters" if by == "environment" else None).code == 0
    assert databases["prints"].count("orders") == before["prints"]
    assert databases["posters"].count("orders") == before["posters"] + len(lost_ids(world))


def test_all_shops_are_repaired_and_one_without_its_key_stops_no_other(
    ordersync: Cli, databases: dict[str, Database], world: World
) -> None:
    before = databases["posters"].count("orders")
    ran = ordersync("sync", "--shop", "all", "--json", PRINTS_STRIPE_KEY=None)
    made = document(ran)
    assert (ran.code, made["exit_code"], made["schema_version"]) == (2, 2, 1)
    assert made["shops"]["posters"]["result"]["summary"]["stripe_sessions_added"] == len(lost_ids(world))
    assert made["shops"]["prints"]["result"] is None
    assert any("PRINTS_STRIPE_KEY is not set" in line for line in made["shops"]["prints"]["messages"])
    assert databases["posters"].count("orders") == before + len(lost_ids(world))


def test_the_text_has_a_block_for_each_shop_and_a_table(ordersync: Cli) -> None:
    ran = ordersync("sync", "--shop", "all", "--dry-run", "--days", "3", "--save", "plan.json")
    assert ran.code == 0
    assert ran.out.count("Stripe Sessions Checked: ") == 2
    assert ran.out.endswith("2 of 2 shops are fine.\n")
    for name in NAMES:
        assert f"{name}: Target: " in ran.err
        assert f"apply exactly this: ordersync sync --shop {name} --plan plan-{name}.json" in ran.err
        assert Path(f"plan-{name}.json").exists()
    assert ordersync("sync", "--shop", "all", "--plan", "plan.json").code == 0


@pytest.mark.full
def test_a_group_and_its_command_take_the_option(ordersync: Cli) -> None:
    assert ordersync("sync", "--shop", "prints").code == 0
    for options in (("runs", "--shop", "prints"), ("problems", "--shop", "prints", "--json")):
        assert ordersync(*options).code == 0
    assert ordersync("audit", "verify", "--shop", "all").code == 0
    for options in (("--shop", "prints", "show", "p0"), ("show", "p0", "--shop", "prints")):
        assert "p0" in ordersync("problems", *options).err


@pytest.mark.parametrize(
    "command",
    [("undo", "x"), ("runs", "show", "x"), ("problems", "show", "x"), ("audit", "show", "x"), ("db", "grants")],
)
def test_what_is_of_one_shop_takes_one_name(command: tuple[str, ...], ordersync: Cli) -> None:
    ran = ordersync(*command, "--shop", "all")
    assert (ran.code, ran.out) == (2, "")
    assert "this is about one shop: say --shop NAME" in ran.err


def test_an_only_shop_has_no_name(ordersync: Cli, tmp_path: Path) -> None:
    (tmp_path / "ordersync.toml").unlink()
    assert ordersync("db", "check").code == 0
    ran = ordersync("db", "check", "--shop", "all")
    assert ran.code == 2
    assert "no [[shop]] stands in ordersync.toml" in ran.err


def test_a_large_first_run_is_refused_where_the_person_cannot_be_asked(
    ordersync: Cli, databases: dict[str, Database], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: database.count("orders") for name, database in databases.items()}
    monkeypatch.setattr("ordersync_dagster.cli.sync.CONFIRM_FROM", len(lost_ids(world)))
    with monkeypatch.context() as at_terminal:
        at_terminal.setattr("ordersync_dagster.cli.console.is_terminal", lambda: True)
        ran = ordersync("sync", "--shop", "all")
    assert ran.code == 2
    assert "Run `ordersync sync --shop prints` with the same period for this shop alone" in ran.err
    assert {name: database.count("orders") for name, database in databases.items()} == before
    assert ordersync("sync", "--shop", "all").code == 0, "without a terminal nobody is asked"


COMMANDS = [
    "sync", "report", "status", "doctor", "explain", "outages", "shadow", "prove", "undo", "purge", "forget",
    "db init", "db grants", "db check", "problems", "problems show", "problems ack", "runs", "runs show",
    "alerts", "alerts test", "audit show", "audit verify",
]  # fmt: skip


def takes_shop(group: typer.core.TyperGroup, before: str = "") -> Iterator[str]:
    """The commands with the option `--shop`, in full."""
    for name, command in group.commands.items():
        if any(each.name == "shop" for each in command.params):
            yield f"{before}{name}"
        if isinstance(command, typer.core.TyperGroup):
            yield from takes_shop(command, f"{before}{name} ")


def test_every_command_of_a_shop_is_copied_with_its_name(ordersync: Cli, tmp_path: Path) -> None:
    whole = typer.main.get_command(main.app)
    assert isinstance(whole, typer.core.TyperGroup)
    assert set(takes_shop(whole)) == set(COMMANDS)
    prints = read_shops(tmp_path / ".env").named("prints").settings
    for command in COMMANDS:
        copied = f"Look: `ordersync {command} --shop prints`"
        assert prints.in_words_of_shop(f"Look: `ordersync {command}`") == copied
        assert prints.in_words_of_shop(copied) == copied
    for other in ("ordersync sandbox", "ordersync demo", "ordersync: a run failed", "ordersync problematic"):
        assert prints.in_words_of_shop(other) == other
    assert prints.in_words_of_shop(r"set STRIPE\_SECRET\_KEY") == r"set PRINTS\_STRIPE\_KEY"


def test_a_refused_key_is_called_by_the_variable_of_its_shop(ordersync: Cli) -> None:
    keys = {"PRINTS_STRIPE_KEY": "rk_test_" + "wrong", "PRINTS_PRINTFUL_KEY": "wrong"}
    for command in (("sync",), ("doctor",), ("report",), ("explain", "x"), ("sync", "--shop", "all", "--json")):
        ran = ordersync(*command, *(() if "--shop" in command else ("--shop", "prints")), **keys)
        said = ran.out + ran.err
        assert re.search("PRINTS_(STRIPE|PRINTFUL)_KEY", said), command
        assert not re.search(r"(?<!_)(STRIPE_SECRET_KEY|PRINTFUL_API_KEY|DATABASE_URL)", said), command


def test_what_a_person_copies_reaches_the_shop_it_is_about(
    ordersync: Cli, tmp_path: Path, world: World, sandbox: Sandbox
) -> None:
    broken = next(each for each in world.sessions if each["id"] in lost_ids(world))
    sandbox.put_session({**broken, "amount_total": "a lot"})
    assert "run `ordersync sync --shop prints --dry-run`" in ordersync("status", "--shop", "prints").out
    outages = ordersync("outages", "--shop", "prints").out
    assert "ordersync sync --shop prints --from 20" in outages
    assert "Or in Dagster, job daily_order_sync_prints, partitions: " in outages
    ordersync("sync", "--shop", "prints")
    (known,) = document(ordersync("problems", "--shop", "prints", "--json", "--class", "malformed_session"))["problems"]
    assert known["looks_again"].startswith("ordersync sync --shop prints --from 20")
    assert f"look again: {known['looks_again']}" in ordersync("problems", "show", known["id"], "--shop", "prints").out
    ran = ordersync("report", "--shop", "prints", "-o", "page.html")
    page = (tmp_path / "page.html").read_text()
    assert ran.code == 0
    assert "<code>ordersync runs show --shop prints ID</code>" in page
    copied = known["looks_again"].split()
    assert ordersync(*copied[1:]).code == 1


def test_an_alert_names_its_shop_and_the_commands_of_its_shop(ordersync: Cli) -> None:
    ordersync("sync", "--shop", "prints")
    (message,) = document(ordersync("alerts", "--shop", "prints", "--dry-run", "--json"))["deliveries"]
    assert message["title"].startswith("ordersync prints: ")
    assert "Look: ordersync problems --shop prints" in message["body"]
    assert message["body"].endswith("Shop: prints (prints.db)")
