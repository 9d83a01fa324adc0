"""A password of the shop's PostgreSQL is nowhere under DAGSTER_HOME, not even after an error that nobody foresaw."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ordersync_dagster_tests.orchestration.pretend import PretendShop, deployed, kept_files, run_that_fails
from ordersync_dagster_tests.support.databases import fresh_database

pytestmark = pytest.mark.slow

PASSWORD = "CanaryOfTheDatabase0003"
UNFORESEEN = """
import os
from pathlib import Path
if Path(__file__).with_name("break").exists():
    from ordersync_dagster.sync import stripe_phase
    def broken(*_, **__):
        raise ZeroDivisionError(os.environ["DATABASE_URL"])
    assert stripe_phase.decide_piece, "what is broken is what is called"
    stripe_phase.decide_piece = broken
"""


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that breaks, once it is there, every process of Python that starts."""
    (tmp_path / "sitecustomize.py").write_text(UNFORESEEN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "break"


@pytest.fixture
def on_postgres(_postgres: str, trap: Path, tmp_path: Path) -> Iterator[PretendShop]:
    """The real Dagster on a shop in PostgreSQL, whose URL holds a password."""
    with fresh_database(_postgres) as url:
        secret = make_url(url).set(password=PASSWORD).render_as_string(hide_password=False)
        with deployed(tmp_path / "home", url=secret) as pretend:
            yield pretend


def test_fault_53_no_password_of_the_database_is_found_anywhere_under_dagster_home(
    on_postgres: PretendShop, trap: Path
) -> None:
    assert PASSWORD in on_postgres.shop.url
    on_postgres.dagster.succeeds("order_sync", days=7)
    on_postgres.shop.execute("ALTER TABLE orders RENAME TO orders_elsewhere")
    run_that_fails(on_postgres, "orders")
    on_postgres.shop.execute("ALTER TABLE orders_elsewhere RENAME TO orders")
    trap.touch()
    run_id = on_postgres.dagster.start("order_sync", {"days": 7})
    assert on_postgres.dagster.end_of(run_id) == "FAILURE"
    trap.unlink()
    files = list(kept_files(on_postgres.dagster.home))
    assert any(run_id.encode() in content for _, content in files)
    assert [str(path) for path, content in files if PASSWORD.encode() in content] == []
    assert any(b"ZeroDivisionError" in content for _, content in files), "the error really was that one"
