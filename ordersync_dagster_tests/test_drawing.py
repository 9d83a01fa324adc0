"""docs/development.md draws the modules as they import each other, and the drawing agrees with the contracts."""

import re
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "development.md"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
HOUSES = ("ordersync_dagster", "ordersync_dagster.adapters.database")
MAX_ROOMS = 12

Edges = set[tuple[str, str]]


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    """Every import of the package."""
    return grimp.build_graph("ordersync_dagster", cache_dir=None)


def edges_of(graph: grimp.ImportGraph, house: str) -> Edges:
    """Which room of `house` imports which other."""
    rooms = graph.find_children(house)
    return {
        (one.rpartition(".")[2], other.rpartition(".")[2])
        for one in rooms
        for other in rooms
        if one != other and graph.direct_import_exists(importer=one, imported=other, as_packages=True)
    }


def drawing_of(edges: Edges) -> str:
    """The drawing of `edges` as docs/development.md holds it."""
    return "flowchart TD\n" + "".join(f"    {one} --> {other}\n" for one, other in sorted(edges))


def floors_of(house: str) -> dict[str, int]:
    """The layer of each room by its contract, from the top."""
    (contract,) = [each for each in CONTRACTS if each.get("containers") == [house]]
    assert contract["exhaustive"] is True
    return {room.strip(): floor for floor, layer in enumerate(contract["layers"]) for room in layer.split("|")}


@pytest.mark.parametrize("house", HOUSES)
def test_the_drawing_shows_the_imports_as_they_are(imports: grimp.ImportGraph, house: str) -> None:
    drawn = re.findall(r"```mermaid\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert drawing_of(edges_of(imports, house)) in drawn, "python -m ordersync_dagster_tests.test_drawing prints it"


@pytest.mark.parametrize("house", HOUSES)
def test_no_arrow_goes_upwards_or_sideways(imports: grimp.ImportGraph, house: str) -> None:
    floors = floors_of(house)
    assert [edge for edge in sorted(edges_of(imports, house)) if floors[edge[0]] >= floors[edge[1]]] == []


@pytest.mark.parametrize("house", HOUSES)
def test_a_stranger_can_walk_through_the_rooms(imports: grimp.ImportGraph, house: str) -> None:
    rooms = {each.rpartition(".")[2] for each in imports.find_children(house)}
    assert rooms == set(floors_of(house))
    assert len(rooms) <= MAX_ROOMS


if __name__ == "__main__":
    found = grimp.build_graph("ordersync_dagster", cache_dir=None)
    print("\n".join(drawing_of(edges_of(found, house)) for house in HOUSES))
