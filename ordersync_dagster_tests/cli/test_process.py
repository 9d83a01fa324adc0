"""The `ordersync` command in a process of its own: what it prints, returns and loads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ordersync_dagster.app.wiring import utc_now
from ordersync_dagster.sandbox import build
from ordersync_dagster_tests.support.cli import Cli, counter_lines

COMMAND = Path(sys.executable).with_name("ordersync")
HEAVY = {"alembic", "pandas", "numpy", "matplotlib", "dagster", "jinja2", "starlette", "uvicorn"}
OF_A_RUN = {"sqlalchemy", "psycopg", "stripe", "requests", "pydantic", "pydantic_settings", "tenacity"}


def run_outside(*arguments: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The installed command in a process of its own."""
    return subprocess.run(
        arguments, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=dict(os.environ) | environment
    )


@pytest.mark.full
def test_the_demonstration_prints_what_the_sandbox_holds(tmp_path: Path) -> None:
    homes = {"HOME": str(tmp_path), "XDG_STATE_HOME": ""}
    ran = run_outside(str(COMMAND), "demo", tmp_path=tmp_path, STRIPE_SECRET_KEY="sk_live_mustNotBeUsed", **homes)
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False)
    lines = counter_lines(build("outage", now=utc_now()))
    assert ran.stdout.count("\n".join(lines)) == 2  # the dry run, and the run
    assert "Rows written: none" in ran.stdout
    assert list(tmp_path.iterdir()) == [], "neither the folder nor the person's home is written"


@pytest.mark.full
def test_the_sandbox_runs_a_command_with_its_environment_and_hands_its_exit_code_on(tmp_path: Path) -> None:
    program = "import os, sys; print(os.environ['STRIPE_API_BASE'], os.environ['DATABASE_URL']); sys.exit(7)"
    ran = run_outside(str(COMMAND), "sandbox", "--", sys.executable, "-c", program, tmp_path=tmp_path)
    assert ran.stdout.startswith("http://127.0.0.1:")
    assert "sqlite:////" in ran.stdout
    assert ran.returncode == 7


def loaded_after(*arguments: str, tmp_path: Path, **environment: str) -> set[str]:
    """The top-level modules that a command brings in."""
    program = (
        "import sys\nfrom ordersync_dagster.cli import main as cli\n"
        f"sys.argv = ['ordersync', *{list(arguments)!r}]\n"
        "try:\n    cli.main()\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    ran = run_outside(sys.executable, "-c", program, tmp_path=tmp_path, **environment)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.splitlines()[-1].split())


@pytest.mark.full
def test_help_is_quick_because_it_loads_nothing_that_only_a_run_needs(tmp_path: Path) -> None:
    assert not loaded_after("--help", tmp_path=tmp_path) & (HEAVY | OF_A_RUN)
    assert not loaded_after("sync", "--help", tmp_path=tmp_path) & (HEAVY | {"stripe", "sqlalchemy", "requests"})
    assert not loaded_after("--version", tmp_path=tmp_path) & (HEAVY | OF_A_RUN)


@pytest.mark.full
def test_what_only_some_runs_need_is_not_imported_with_the_command(tmp_path: Path) -> None:
    program = "import sys, ordersync_dagster.cli.main, ordersync_dagster.app.run; print(*sys.modules)"
    modules = set(run_outside(sys.executable, "-c", program, tmp_path=tmp_path).stdout.split())
    assert "ordersync_dagster.sync.order_sync" in modules
    assert not {"filelock", "ordersync_dagster.report.drift.report", "psycopg"} & modules


@pytest.mark.full
def test_a_plain_sync_loads_neither_alembic_nor_pandas_nor_dagster(ordersync: Cli, tmp_path: Path) -> None:
    modules = loaded_after("sync", tmp_path=tmp_path)
    assert {"sqlalchemy", "stripe"} <= modules
    assert not modules & HEAVY


def told(redirection: str, tmp_path: Path, arguments: str = "db check", **environment: str) -> tuple[int, str]:
    """Exit code and stderr of a command on a new database, started by a shell with its stdout redirected."""
    made = {"DATABASE_URL": f"sqlite:///{tmp_path}/shop.db"} | environment
    line = f"{COMMAND} {arguments} {redirection}"
    ran = run_outside("/bin/sh", "-c", line, tmp_path=tmp_path, **made)
    return ran.returncode, ran.stderr


def test_a_closed_stdout_is_no_error_of_its_own(tmp_path: Path) -> None:
    told("", tmp_path, "db init")
    assert told(">&-", tmp_path, "status") == told(">out.txt", tmp_path, "status")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_fault_66_a_stdout_that_is_full_is_one_sentence_and_exit_1(tmp_path: Path) -> None:
    sentence = "ordersync: the result could not be written to stdout: No space left on device. What was done stays.\n"
    for unbuffered in ("", "1"):
        assert told(">/dev/full", tmp_path, "db init", PYTHONUNBUFFERED=unbuffered) == (1, sentence)


@pytest.mark.parametrize(("encoding", "expected"), [("ascii", "✓ ü".encode()), ("latin-1", b"\\u2713 \xfc")])
def test_an_encoding_that_lacks_a_character_does_not_stop_the_output(
    tmp_path: Path, encoding: str, expected: bytes
) -> None:
    program = "from ordersync_dagster.cli import streams; streams.prepare_streams(); print('✓ ü')"
    environment = dict(os.environ) | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=tmp_path, env=environment)
    assert ran.stdout.strip() == expected
