"""What a portrait gives a person to think about."""

from collections.abc import Iterator
from typing import Literal

from ordersync_dagster.adapters.database.diagnostics import Portrait, Role

Level = Literal["green", "yellow", "red"]
MB = 2**20
FULL, ROOMY = 20 * MB, 200 * MB


def remarks(portrait: Portrait) -> Iterator[tuple[Level, str]]:
    """The server, what we may do there, and what stands in the way; green needs nothing, red a change."""
    yield "green", portrait.server
    if not portrait.takes_writes:
        yield "red", "it is a standby, or read-only by default: name the primary in DATABASE_URL"
    if not portrait.has_own_tables:
        yield "yellow", "no ordersync_* tables of this version yet: `ordersync db init`, or the first run, makes them"
    if portrait.role:
        yield _of_role(portrait.role)
    if portrait.is_in_doubt_about_time:
        yield (
            "yellow",
            f"the server's time zone is {portrait.time_zone}, and {' and '.join(portrait.naive_times)} of orders have "
            "none: UTC is written there; make sure that your shop does, too",
        )
    elif portrait.role:
        yield "green", f"the server's time zone is {portrait.time_zone}"
    if portrait.is_wal is not None:
        yield _of_journal(is_wal=portrait.is_wal)
    if portrait.disk:
        yield of_disk(*portrait.disk)


def _of_role(role: Role) -> tuple[Level, str]:
    rights = f"role {role.name} may {'; '.join(role.rights)}"
    if role.lacking:
        lacking = "; ".join(role.lacking)
        return "yellow", f"{rights}: enough for dry runs. A run needs {lacking}, too: see `ordersync db grants`"
    if role.is_almighty:
        return "yellow", (
            f"role {role.name} owns the tables or is a superuser: it works, but a role with the grants of "
            "`ordersync db grants` could not do harm (docs/grants.md)"
        )
    return "green", rights


def _of_journal(*, is_wal: bool) -> tuple[Level, str]:
    if is_wal:
        return "green", "in WAL mode: others can read while a run writes"
    return (
        "yellow",
        "not in WAL mode, so readers wait for a run, and a run for them: PRAGMA journal_mode=WAL changes it",
    )


def of_disk(free: int, size: int) -> tuple[Level, str]:
    """Whether a file of `size` bytes has room to grow and to write a WAL beside it."""
    if free < FULL:
        return "red", f"{free // MB} MB free on its disk: make room, or writes will fail"
    sentence = f"{free // MB} MB free on its disk, {-(-size // MB)} MB used by the file"
    return ("green", sentence) if free >= max(ROOMY, 2 * size) else ("yellow", f"{sentence}: make room soon")
