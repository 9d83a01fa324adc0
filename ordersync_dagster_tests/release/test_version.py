"""One version: in the package, and in every place that names an image of it."""

import re

from ordersync_dagster import __version__
from ordersync_dagster_tests.support.places import ROOT

IMAGES = (*sorted((ROOT / "deploy").rglob("*")), ROOT / "compose.yaml", *sorted((ROOT / "docs").rglob("*.md")))
TAG = re.compile(r"\bordersync(?:-dagster)?:(\d[\w.-]*\w)|^\s*(?:newT|t)ag: \"?(\d[\w.-]*\w)", re.MULTILINE)


def test_the_version_stands_in_one_place() -> None:
    package = ROOT / "ordersync_dagster"
    said = [path.relative_to(package).as_posix() for path in package.rglob("*.py") if __version__ in path.read_text()]
    assert said == ["__init__.py"]
    assert "version = attr: ordersync_dagster.__version__" in (ROOT / "setup.cfg").read_text().splitlines()


def test_each_image_that_is_named_has_the_version() -> None:
    texts = {path: path.read_text() for path in IMAGES if path.is_file() and path.suffix != ".json"}
    found = [(path.name, tag or other) for path, text in texts.items() for tag, other in TAG.findall(text)]
    assert len({name for name, _ in found}) > 4, "no image was found: has the form of their names changed?"
    assert [(name, tag) for name, tag in found if tag != __version__] == []
