"""What the commands about past runs print."""

import json
from typing import Any

from ordersync_dagster_tests.support.cli import Cli


def document(ordersync: Cli, *arguments: str, code: int = 0) -> Any:
    ran = ordersync(*arguments, "--json")
    assert (ran.code, ran.err) == (code, "")
    found = json.loads(ran.out)
    assert found.pop("schema_version") == 1
    return found


def last_run(ordersync: Cli) -> str:
    return str(document(ordersync, "runs", "--limit", "1")["runs"][0]["run_id"])
