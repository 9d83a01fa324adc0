"""Two shops of one database are found by their URLs, however these are written."""

from pathlib import Path

import pytest

from ordersync_dagster.adapters.database.engine.connection import parse_url
from ordersync_dagster.adapters.database.engine.same_database import database_key, schema_of

pytestmark = pytest.mark.any_database
HERE = "postgresql://ann:secret@localhost/shop"


@pytest.mark.parametrize(
    "url",
    [
        "postgres://bob:other@localhost:5432/shop",
        "postgresql://ann@127.0.0.1/shop",
        "postgresql://ann@[::1]:5432/shop",
        "postgresql://ann@LOCALHOST./shop",
        "postgresql://ann@/shop",
        "postgresql:///shop?host=localhost&port=5432&user=ann",
        "postgresql://ann@db.example.com/shop?hostaddr=127.0.0.1",
        "postgresql://ann@/shop?host=127.0.0.1:5432",
        "postgresql://ann@%2Fvar%2Frun%2Fpostgresql/shop",
        "postgresql://ann@/shop?host=/tmp/",
        "postgresql://shop@localhost",
        "postgresql://ann@localhost/?dbname=shop&sslmode=disable",
    ],
)
def test_one_database_by_other_words_is_one_database(url: str) -> None:
    assert database_key(parse_url(url)) == database_key(parse_url(HERE)) == "localhost:5432/shop"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann@localhost:5433/shop",
        "postgresql://ann@localhost/SHOP",
        "postgresql://ann@localhost/posters",
        "postgresql://ann@db.example.com/shop",
        "postgresql://ann@/shop?host=/cloudsql/project:region:prints",
        "postgresql://ann@/shop?service=prints",
    ],
)
def test_other_databases_stay_apart(url: str) -> None:
    assert database_key(parse_url(url)) != database_key(parse_url(HERE))


def test_the_order_of_several_hosts_does_not_count() -> None:
    one, other = "postgresql://ann@a:5432,b:5433/shop", "postgresql://ann@/shop?host=B:5433&host=a:5432"
    assert database_key(parse_url(one)) == database_key(parse_url(other)) == "a:5432,b:5433/shop"


def test_an_sqlite_file_is_one_by_any_path(tmp_path: Path) -> None:
    file, link = tmp_path / "shop.db", tmp_path / "link.db"
    link.symlink_to(file)
    urls = (f"sqlite:///{file}", f"sqlite:///{link}", f"file:{tmp_path}/../{tmp_path.name}/shop.db")
    assert {database_key(parse_url(url)) for url in urls} == {str(file.resolve())}
    assert schema_of(parse_url(urls[0])) == ""


@pytest.mark.parametrize(
    ("parameters", "schema"),
    [
        ("", "public"),
        ("?schema=public", "public"),
        ("?schema=Prints", "Prints"),
        ("?schema=prints", "prints"),
        ('?search_path="$user",public', "public"),
        ("?search_path=prints,public", "prints"),
        ("?options=-csearch_path%3DPrints", "prints"),
        ("?options=-c%20search_path%3Dprints,public", "prints"),
        ('?options=-c%20search_path%3D"Prints"', "Prints"),
        ("?options=--search-path%3Dprints", "prints"),
        ("?options=-cwork_mem%3D64MB", "public"),
        ("?options=-csearch_path%3Dposters&schema=prints", "prints"),
    ],
)
def test_the_schema_is_the_first_of_the_search_path(parameters: str, schema: str) -> None:
    assert schema_of(parse_url(HERE + parameters)) == schema
