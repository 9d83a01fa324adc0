"""The simulation finds what it is there to find: each of these breakages, made in a copy of the code, is caught."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ordersync_dagster_tests.support.places import ROOT

BREAKAGES = {
    "what was sent is taken for delivered": (
        "core/delivery.py",
        "status=Status.DELIVERED if is_delivered else Status.SHIPPED",
        "status=Status.DELIVERED",
    ),
    "an update is written whatever others wrote meanwhile": (
        "adapters/database/apply.py",
        " and now.agrees_with(seen)",
        "",
    ),
    "items are written without their audit": (
        "adapters/database/apply.py",
        "[*self._order_entries(), *self._item_entries()]",
        "[*self._order_entries()]",
    ),
    "a lost answer to COMMIT is taken for a failure": (
        "adapters/database/store.py",
        "if first_audit_id is not None and self._was_committed(first_audit_id):",
        "if False:",
    ),
    "an order that the database refuses is forgotten": (
        "adapters/database/transactions.py",
        "return Applied(refused=(refusal_of(plan, error),))",
        "return Applied()",
    ),
    "two runs are at work at once": (
        "adapters/database/engine/lock.py",
        "with _file_lock(path.resolve()):",
        "if True:",
    ),
    "a part is reported before it is written": (
        "sync/order_sync.py",
        "for part in only.followed(parts) if only else parts:\n                total += summarise(part)\n"
        "                run.sightings.add(part)\n                yield part",
        "for step in steps:\n                yield Part(step.plan)\n                part = self._apply(step, set())",
    ),
    "an order that others moved is not decided again": (
        "sync/order_sync.py",
        "len(applied) < MAX_DECISIONS:",
        "False:",
    ),
    "refunds are not looked at": (
        "sync/stripe_phase.py",
        "reversals = payments.reversals(asked)",
        "reversals = payments.found",
    ),
    "a dry run remembers what is missing": (
        "sync/order_sync.py",
        'map(Part, map(attrgetter("plan"), self._steps(request, only)))',
        "map(lambda step: self._remember(step) or Part(step.plan), self._steps(request, only))",
    ),
    "items of the webhook are doubled": (
        "core/items.py",
        "            if twin is None:\n",
        "            if True:\n",
    ),
    "a cancelled order may become delivered": (
        "core/orders.py",
        "    Status.CANCELLED: _FINAL,",
        "    Status.CANCELLED: frozenset({Status.DELIVERED}),",
    ),
    "dinars have two decimals": (
        "core/money.py",
        "dict.fromkeys(THREE_DECIMAL, 3)",
        "dict.fromkeys(THREE_DECIMAL, 2)",
    ),
    "unpaid sessions become orders": (
        "core/stripe_session.py",
        'if not is_free and paid != "paid":',
        "if False:",
    ),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_breakage_fits_the_code_as_it_is(name: str) -> None:
    path, right, _ = BREAKAGES[name]
    assert right in (ROOT / "ordersync_dagster" / path).read_text(), f"{path} has changed: adapt this breakage"


@pytest.mark.slow
@pytest.mark.parametrize("name", BREAKAGES)
def test_a_breakage_is_caught(name: str, tmp_path: Path) -> None:
    """Nothing is shrunk, because that takes longer than to find the seed."""
    program = (
        "from ordersync_dagster_tests.simulation.seeds import first_broken\n"
        "from ordersync_dagster_tests.simulation.stage import stage\n"
        "with stage() as prepared:\n    print(first_broken(prepared, range(200)))"
    )
    played = broken(name, tmp_path, "-c", program)
    assert re.fullmatch(r"\(\d+, .+\)", played.stdout.strip()), played.stdout + played.stderr


@pytest.mark.slow
def test_a_seed_that_fails_is_shrunk_and_says_how_to_replay_it(tmp_path: Path) -> None:
    played = broken("dinars have two decimals", tmp_path, "-m", "ordersync_dagster_tests.simulation")
    assert played.returncode == 1, played.stdout + played.stderr
    assert "replay: make simulate ORDERSYNC_SEED=" in played.stdout, played.stderr


def broken(name: str, folder: Path, *program: str) -> subprocess.CompletedProcess[str]:
    """What a program says of a copy of the code with this breakage."""
    path, right, wrong = BREAKAGES[name]
    for package in ("ordersync_dagster", "ordersync_dagster_tests"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    source = folder / "ordersync_dagster" / path
    source.write_text(source.read_text().replace(right, wrong, 1))
    environment = {**os.environ, "PYTHONPATH": str(folder), "ORDERSYNC_SEEDS": "200", "ORDERSYNC_SEED": ""}
    command = [sys.executable, *program]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
