"""Shadow mode: an engine that refuses every statement that would write a table which is not ours."""

import re
from typing import Any

from sqlalchemy import Connection, Engine, event

from ordersync_dagster.core.errors import DatabaseRefusedError

# A row lock (FOR UPDATE) and the second half of an upsert (DO UPDATE SET) name no table.
_WRITES = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|MERGE\s+INTO|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|COPY"
    r"|(?<!FOR )(?<!DO )UPDATE|(?:ALTER|DROP|CREATE)\s+(?:TABLE|INDEX|VIEW|TRIGGER))\s+([^\s(]+)",
    re.IGNORECASE,
)


def refuse_shop_writes(engine: Engine) -> None:
    """From now on this engine writes to `ordersync_*` alone; else it raises DatabaseRefusedError and sends nothing."""
    event.listen(engine, "before_cursor_execute", _check)


def _check(_connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
    for match in _WRITES.finditer(statement):
        name = match[1].replace('"', "").rpartition(".")[2]
        if not name.startswith("ordersync_") and name.upper() != "OF":
            raise DatabaseRefusedError(
                f"ORDERSYNC_SHADOW is set, so nothing may be written to {name}; nothing was sent. Please report this."
            )
