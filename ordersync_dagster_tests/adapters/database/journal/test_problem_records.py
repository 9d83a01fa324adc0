"""The table of problems holds what a run found, on every kind of database."""

from datetime import UTC, datetime

from sqlalchemy.engine import make_url

from ordersync_dagster.adapters.database.journal.problem_records import read_problems, record_sightings
from ordersync_dagster.core.known_problems import FoundBy, Sighting, Sightings
from ordersync_dagster.core.problem_classes import ProblemClass
from ordersync_dagster.core.problems import Problem
from ordersync_dagster_tests.support.databases import Database

FIRST, AGAIN = datetime(2026, 11, 1, 23, 30, 0, 250_000, UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)
ODD = 'Order "a\\b", {ü} % :rows: nothing at Printful.'
MANY = 1_001  # more than two statements hold


def _sightings(count: int) -> Sightings:
    problems = [Problem(ProblemClass.UNFULFILLED, ODD, {"order_id": f"o{number}"}) for number in range(count)]
    return Sightings({}, {each.id: Sighting(each, FoundBy.SESSIONS) for each in problems})


def test_problems_are_kept_as_they_were_found_and_counted_again(database: Database) -> None:
    found = _sightings(MANY)
    for run_id, now in (("first", FIRST), ("again", AGAIN)):
        with database.engine.begin() as connection:
            record_sightings(connection, found, run_id, now)
    with database.engine.connect() as connection:
        kept = read_problems(connection)
    assert {each.id for each in kept} == found.found.keys()
    assert {(each.sentence, each.first_seen, each.last_seen, each.last_run, each.runs) for each in kept} == {
        (ODD, FIRST, AGAIN, "again", 2)
    }
    assert {each.order_id for each in kept} == {f"o{number}" for number in range(MANY)}


def test_times_are_utc_whatever_time_zone_the_server_has(postgres_database: Database) -> None:
    name = make_url(postgres_database.url).database
    postgres_database.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")
    with postgres_database.engine.begin() as connection:
        record_sightings(connection, _sightings(1), "first", FIRST)
        assert [each.first_seen for each in read_problems(connection)] == [FIRST]
