"""The report's page in a browser: readable on a screen, a phone, in the dark and on paper, and for everybody."""

import re
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from ordersync_dagster.app.drift import open_reading
from ordersync_dagster.app.wiring import Tools, utc_now
from ordersync_dagster.core.window import Window
from ordersync_dagster.report.drift.page import drift_page
from ordersync_dagster.sandbox import build
from ordersync_dagster_tests.orchestration.browser import Page, chromium, keep, opened
from ordersync_dagster_tests.support.settings import settings_for
from ordersync_dagster_tests.support.shops import launched, seeded
from ordersync_dagster_tests.support.world import served

pytestmark = pytest.mark.slow
PHONE, NARROW, DESK = (390, 844), (320, 700), (1100, 860)
RUNS = (12, 11, 10, 9, 8, 7, 6, 5, 4, 3)  # days ago; none repaired what was lost since
PARTS = {
    "Money": "Does the money agree?",
    "Problems": "What is wrong, and what to do",
    "Who waits": "Who waits?",
    "Webhook": "Was the shop's webhook down?",
}
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module", autouse=True)
def _browser_is_there() -> None:
    chromium()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of a shop whose nightly run stopped three days ago, in the middle of an outage."""
    now, folder = utc_now(), tmp_path_factory.mktemp("report")
    world = build("outage", now=now)
    url = seeded(f"sqlite:///{folder}/shop.db", world).url
    with served(world) as sandbox:
        settings = settings_for(sandbox, url, ORDERSYNC_STATE_DIR=str(folder))
        for days in RUNS:
            for _ in launched(settings, tools=Tools(partial(_ago, now, days))).parts:
                continue
        reading = open_reading(settings, Window.last_days(30, now), tools=Tools(lambda: now))
        path = folder / "report.html"
        path.write_text(drift_page(reading.report(reading.read())))
    return f"file://{path}"


def _ago(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


@pytest.fixture(params=["light", "dark"])
def colours(request: pytest.FixtureRequest) -> str:
    """What the reader's system prefers."""
    return str(request.param)


def findings(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds that keeps people out, with the places."""
    from axe_playwright_python.sync_playwright import Axe

    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        {"rule": each["id"], "impact": each["impact"], "places": [node["html"][:120] for node in each["nodes"][:3]]}
        for each in found
        if each["impact"] in SERIOUS
    ]


def contrast(ink: str, cell: str) -> float:
    """How well `ink`, rgb(…), can be read on `cell`, #rrggbb: from 1 to 21, as WCAG counts."""
    inks = [int(each) / 255 for each in re.findall(r"\d+", ink)[:3]]
    cells = [int(cell[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    darker, lighter = sorted(_luminance(each) for each in (inks, cells))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: list[float]) -> float:
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in colour]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("size", [DESK, PHONE, NARROW], ids=["desk", "phone", "narrow"])
def test_nobody_is_kept_out_by_the_page(address: str, colours: str, size: tuple[int, int]) -> None:
    with opened(address, *size, color_scheme=colours) as page:
        page.goto(address)
        assert findings(page) == []
        for each in page.locator("summary").all():
            each.click()
        assert findings(page) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1100, 1920])
def test_the_page_never_scrolls_sideways(address: str, width: int) -> None:
    with opened(address, width, 800) as page:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_phone_shows_the_newest_days_first(address: str) -> None:
    with opened(address, *PHONE) as page:
        page.goto(address)
        drawing = page.get_by_role("region", name="Payments and their orders by day")
        assert drawing.evaluate("e => e.scrollWidth > e.clientWidth")
        rights = "e => e.querySelector('svg').getBoundingClientRect().right - e.getBoundingClientRect().right"
        assert abs(drawing.evaluate(rights)) < 1
    with opened(address, *DESK) as page:
        page.goto(address)
        lefts = "e => e.querySelector('svg').getBoundingClientRect().left - e.getBoundingClientRect().left"
        assert abs(page.locator(".drawing").first.evaluate(lefts)) < 1


def test_each_first_answer_leads_to_its_part_of_the_page(address: str) -> None:
    with opened(address, *DESK) as page:
        page.goto(address)
        for name, heading in PARTS.items():
            page.locator(".facts").get_by_role("link", name=name).click()
            assert page.get_by_role("heading", name=heading).is_visible()
            assert page.evaluate("document.querySelector(':target').textContent") == heading


def test_light_and_dark_and_paper_have_their_own_colours(address: str) -> None:
    inks: dict[str, str] = {}
    for name in ("light", "dark"):
        with opened(address, *DESK, color_scheme=name) as page:
            page.goto(address)
            inks[name] = page.evaluate("getComputedStyle(document.body).backgroundColor")
            if name == "dark":
                page.emulate_media(media="print")
                inks["paper"] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert inks == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)", "paper": "rgb(255, 255, 255)"}


def test_the_heat_map_shows_lost_and_recovered_payments(address: str) -> None:
    with opened(address, *DESK) as page:
        page.goto(address)
        cells = page.locator("svg[aria-labelledby=heat-title] text").all_text_contents()
        assert [text for text in cells if text == "1"] == ["1"] * 3
        colours = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--lost').trim()")
        assert colours == "#c93c2e"
        assert page.get_by_role("img", name="Payments and their orders by day").is_visible()


@pytest.mark.parametrize("how", ["light", "dark", "print"])
def test_the_numbers_in_the_heat_map_can_be_read_in_every_colour(address: str, how: str) -> None:
    with opened(address, *DESK, color_scheme="dark" if how == "dark" else "light") as page:
        page.goto(address)
        page.emulate_media(media="print" if how == "print" else "screen")
        inks = page.locator("svg[aria-labelledby=heat-title] text").evaluate_all(
            "all => all.filter(e => e.textContent == '1').map(e => getComputedStyle(e).fill)"
        )
        named = "name => getComputedStyle(document.documentElement).getPropertyValue(name).trim()"
        cells = [page.evaluate(named, f"--{kind}") for kind in ("late", "lost", "lost")]
        assert sorted(contrast(ink, cell) for ink, cell in zip(inks, cells, strict=True))[0] >= 4.5


def test_paper_keeps_the_colours_that_the_legend_explains(address: str) -> None:
    with opened(address, *DESK) as page:
        page.goto(address)
        keeps = "all => all.map(each => getComputedStyle(each).printColorAdjust)"
        assert set(page.locator(".legend i").evaluate_all(keeps)) == {"exact"}


def test_the_pictures_of_the_documentation(address: str) -> None:
    with opened(address, *DESK, color_scheme="light") as page:
        page.goto(address)
        keep(page, "report")
        page.get_by_role("heading", name="When did it happen?").evaluate("heading => heading.scrollIntoView()")
        keep(page, "report-outage")
    with opened(address, *PHONE, color_scheme="light") as page:
        page.goto(address)
        keep(page, "report-phone")
    with opened(address, *DESK, color_scheme="dark") as page:
        page.goto(address)
        page.get_by_role("heading", name="Who waits?").evaluate("heading => heading.scrollIntoView()")
        keep(page, "report-dark")
        assert "person" in page.locator("header").get_attribute("class")
