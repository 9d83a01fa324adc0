"""Chromium on Dagster's pages, and the screenshots of docs/ui.md."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ordersync_dagster_tests.support.places import ROOT

IMAGES = ROOT / "docs" / "images"
WANTED, DEMANDED = "ORDERSYNC_SCREENSHOTS", "ORDERSYNC_DEMAND_BROWSER"
LIMIT = 150_000  # bytes of one screenshot
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

Page = Any  # playwright ships no types that this project's checks can follow


def chromium() -> str:
    """Where the browser is; without one the test is skipped, or fails where a browser is demanded."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = "no Chromium on this machine: apt-get install chromium"
        if os.environ.get(DEMANDED):
            pytest.fail(f"{DEMANDED} is set, but there is {reason}")
        pytest.skip(reason)
    return found


@contextmanager
def opened(url: str, width: int = 1640, height: int = 860, **how: Any) -> Iterator[Page]:
    """A page, by default of the size of the screenshots; afterwards nothing was asked of anybody but `url`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": width, "height": height}, base_url=url, timezone_id="UTC", **how)
        page.set_default_timeout(60_000)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        yield page
        browser.close()
    elsewhere = [each for each in asked if not each.startswith((url, "data:", "blob:"))]
    assert not elsewhere, f"the page asked {elsewhere}"


def keep(page: Page, name: str) -> None:
    """Save what is seen for the documentation, where that is wanted."""
    if os.environ.get(WANTED):
        page.wait_for_timeout(1500)  # animations
        IMAGES.mkdir(parents=True, exist_ok=True)
        path = IMAGES / f"{name}.png"
        page.screenshot(path=path)
        _shrink(path)
        assert path.stat().st_size <= LIMIT


def _shrink(path: Path) -> None:
    """256 colours are enough for a screenshot of text."""
    from PIL import Image

    with Image.open(path) as image:
        small = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
