"""What a person sees of several shops in a real Dagster: a group for each, and what is wrong with their file."""

import subprocess
import sys
from pathlib import Path

import pytest

from ordersync_dagster.app.pretend_shops import pretend_shops
from ordersync_dagster_tests.orchestration.browser import chromium, keep, opened
from ordersync_dagster_tests.orchestration.deployment import running

pytestmark = pytest.mark.slow

WRONG = {
    "a name": ('[[shop]]\nname = "prints"\ngrace_minute = 3\n', "prints: grace_minute: there is no such name"),
    "no TOML": ('[[shop]\nname = "prints"\n', "is not TOML"),
}


def test_each_shop_has_a_group_of_its_own(tmp_path: Path) -> None:
    chromium()
    with (
        pretend_shops(3, folder=tmp_path / "shops") as known,
        running(tmp_path / "dagster", known) as dagster,
        opened(dagster.url) as page,
    ):
        page.goto("/asset-groups")
        for name in ("shop1", "shop2", "shop3"):
            page.get_by_text(name, exact=True).last.wait_for()
        keep(page, "shops")


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_of_shops_is_the_load_error_with_cause_and_fix(text: str, sentence: str, tmp_path: Path) -> None:
    """Though Dagster hides the words of errors (DAGSTER_REDACT_USER_CODE_ERRORS), as in the image and in `make ui`."""
    file = tmp_path / "ordersync.toml"
    file.write_text(text)
    with (
        pytest.raises(AssertionError, match=f"(?s)'message': .*{file}.*{sentence}.*then reload the code location"),
        running(tmp_path / "dagster", {"ORDERSYNC_CONFIG": str(file)}),
    ):
        pass


def test_the_command_that_validates_definitions_says_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ordersync.toml"
    file.write_text(WRONG["a name"][0])
    monkeypatch.setenv("ORDERSYNC_CONFIG", str(file))
    monkeypatch.setenv("DAGSTER_REDACT_USER_CODE_ERRORS", "1")
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-m", "ordersync_dagster.definitions"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.returncode == 1
    assert WRONG["a name"][1] in ran.stdout + ran.stderr
