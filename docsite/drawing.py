"""A drawing of which room imports which, in place of the text of the same in docs/development.md."""

from collections.abc import Mapping
from itertools import groupby

WIDTH, HEIGHT, GAP, ROW, EDGE = 150, 38, 26, 96, 14


def drawing(text: str) -> str:
    """`a --> b` lines as boxes and arrows; each box stands below all that lead to it."""
    edges = [
        (one.strip(), other.strip()) for one, _, other in (line.partition("-->") for line in text.splitlines()) if other
    ]
    depths = _depths(edges)
    rows = [list(names) for _, names in groupby(sorted(depths, key=lambda name: (depths[name], name)), key=depths.get)]
    across = max(len(row) for row in rows) * (WIDTH + GAP) - GAP + 2 * EDGE
    places: dict[str, tuple[float, float]] = {}
    for down, row in enumerate(rows):
        start = (across - len(row) * (WIDTH + GAP) + GAP) / 2
        places.update({name: (start + at * (WIDTH + GAP), EDGE + down * ROW) for at, name in enumerate(row)})
    height = EDGE * 2 + (len(rows) - 1) * ROW + HEIGHT
    parts = [
        *(_line(places[one], places[other]) for one, other in edges),
        *(_box(name, at) for name, at in places.items()),
    ]
    label = "; ".join(f"{one} imports {other}" for one, other in edges)
    return (
        f'<figure class="drawing" role="img" aria-label="{label}">'
        f'<svg class="rooms" viewBox="0 0 {across:g} {height:g}" xmlns="http://www.w3.org/2000/svg">'
        f"{''.join(parts)}</svg></figure>"
    )


def _depths(edges: list[tuple[str, str]]) -> Mapping[str, int]:
    depths = {name: 0 for edge in edges for name in edge}
    for _ in depths:
        for one, other in edges:
            depths[other] = max(depths[other], depths[one] + 1)
    return depths


def _box(name: str, at: tuple[float, float]) -> str:
    x, y = at
    text = f'<text x="{x + WIDTH / 2:g}" y="{y + HEIGHT / 2 + 5:g}" text-anchor="middle">{name}</text>'
    return f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>{text}'


def _line(one: tuple[float, float], other: tuple[float, float]) -> str:
    start, end = (one[0] + WIDTH / 2, one[1] + HEIGHT), (other[0] + WIDTH / 2, other[1])
    half = (start[1] + end[1]) / 2
    return (
        f'<path d="M{start[0]:g} {start[1]:g}C{start[0]:g} {half:g} {end[0]:g} {half:g} {end[0]:g} {end[1] - 5:g}"/>'
        f'<path class="tip" d="M{end[0] - 4:g} {end[1] - 7:g}l4 7 4 -7z"/>'
    )
