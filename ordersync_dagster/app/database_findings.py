"""Database diagnostics as sentences of the doctor, each with a colour."""

from collections.abc import Iterator
from typing import Literal

from ordersync_dagster.adapters.database.diagnostics import Diagnostics, Role

Colour = Literal["green", "yellow", "red"]
MB = 2**20
FULL, ROOMY = 20 * MB, 200 * MB  # bytes free: less than FULL is red, less than ROOMY yellow


def database_findings(found: Diagnostics) -> Iterator[tuple[Colour, str]]:
    """Green needs nothing, yellow attention, red a change before a run can work."""
    yield "green", found.server
    if not found.takes_writes:
        yield "red", "it is a standby, or read-only by default: name the primary in DATABASE_URL"
    if not found.has_own_tables:
        yield "yellow", "no ordersync_* tables of this version yet: `ordersync db init` or the first run creates them"
    if found.role:
        yield _of_role(found.role)
    if found.may_store_local_time:
        yield (
            "yellow",
            f"the server's time zone is {found.time_zone}, and {' and '.join(found.naive_times)} of orders have "
            "no time zone: ordersync writes UTC there; make sure that your shop does, too",
        )
    elif found.role:
        yield "green", f"the server's time zone is {found.time_zone}"
    if found.is_wal is not None:
        yield _of_journal(is_wal=found.is_wal)
    if found.disk:
        yield of_disk(*found.disk)


def _of_role(role: Role) -> tuple[Colour, str]:
    rights = f"role {role.name} may {'; '.join(role.rights)}"
    if role.lacking:
        lacking = "; ".join(role.lacking)
        return "yellow", f"{rights}: enough for dry runs. A run also needs {lacking}: see `ordersync db grants`"
    if role.may_do_everything:
        return "yellow", (
            f"role {role.name} owns the tables or is a superuser: it works, but a role with only the grants of "
            "`ordersync db grants` is safer (docs/grants.md)"
        )
    return "green", rights


def _of_journal(*, is_wal: bool) -> tuple[Colour, str]:
    if is_wal:
        return "green", "in WAL mode: others can read while a run writes"
    return (
        "yellow",
        "not in WAL mode, so a run and other programs wait for each other: PRAGMA journal_mode=WAL changes it",
    )


def of_disk(free: int, size: int) -> tuple[Colour, str]:
    """`free` and `size` in bytes: room for the file to grow and for a WAL beside it."""
    if free < FULL:
        return "red", f"{free // MB} MB free on its disk: make room, or writes will fail"
    sentence = f"{free // MB} MB free on its disk, {-(-size // MB)} MB used by the file"
    return ("green", sentence) if free >= max(ROOMY, 2 * size) else ("yellow", f"{sentence}: make room soon")
