"""Database diagnostics as findings of the doctor."""

from collections.abc import Iterator

from ordersync_dagster.adapters.database.diagnostics import Diagnostics, Role
from ordersync_dagster.report.findings import Finding, Level

MB = 2**20
MIN_FREE_DISK, COMFORTABLE_FREE_DISK = 20 * MB, 200 * MB


def database_findings(found: Diagnostics, *, is_shadow: bool = False) -> Iterator[Finding]:
    """Green needs nothing, yellow attention, red a change before a run can work."""
    yield _green(found.server)
    if found.no_writes:
        yield _red(found.no_writes)
    if not found.has_own_tables:
        yield _yellow("no ordersync_* tables of this version yet: `ordersync db init` or the first run creates them")
    if found.role:
        yield _shadow_finding(found.role) if is_shadow else _role_finding(found.role)
    if found.may_store_local_time:
        yield _yellow(
            f"the server's time zone is {found.time_zone}, and {' and '.join(found.naive_times)} of orders have "
            "no time zone: ordersync writes UTC there; make sure that your shop does, too"
        )
    elif found.role:
        yield _green(f"the server's time zone is {found.time_zone}")
    if found.is_wal:
        yield _green("in WAL mode: others can read while a run writes")
    elif found.is_wal is not None:
        yield _yellow(
            "not in WAL mode, so a run and other programs wait for each other: PRAGMA journal_mode=WAL changes it"
        )
    if found.disk:
        yield disk_finding(*found.disk)


def _role_finding(role: Role) -> Finding:
    rights = f"role {role.name} may {'; '.join(role.rights)}"
    if role.lacking:
        lacking = "; ".join(role.lacking)
        return _yellow(f"{rights}: enough for dry runs. A run also needs {lacking}: see `ordersync db grants`")
    if role.may_do_everything:
        return _yellow(
            f"role {role.name} owns the tables or is a superuser: it works, but a role with only the grants of "
            "`ordersync db grants` is safer (docs/grants.md)"
        )
    return _green(rights)


def _shadow_finding(role: Role) -> Finding:
    """Whether the database itself keeps a run in shadow mode from writing the shop's tables."""
    if role.may_do_everything or any(word in right for right in role.rights for word in ("INSERT", "UPDATE")):
        return _yellow(
            f"ORDERSYNC_SHADOW is set, and role {role.name} could write the shop's tables: ordersync does not, but a "
            "role with the grants of `ordersync db grants --shadow` cannot (docs/shadow.md)"
        )
    return _green(f"ORDERSYNC_SHADOW is set, and role {role.name} may only read the shop's tables")


def disk_finding(free: int, size: int) -> Finding:
    """`free` and `size` in bytes: room for the file to grow and for a WAL beside it."""
    if free < MIN_FREE_DISK:
        return _red(f"{free // MB} MB free on its disk: make room, or writes will fail")
    sentence = f"{free // MB} MB free on its disk, {-(-size // MB)} MB used by the file"
    return _green(sentence) if free >= max(COMFORTABLE_FREE_DISK, 2 * size) else _yellow(f"{sentence}: make room soon")


def _green(sentence: str) -> Finding:
    return Finding(Level.GREEN, "Database", sentence)


def _yellow(sentence: str) -> Finding:
    return Finding(Level.YELLOW, "Database", sentence)


def _red(sentence: str) -> Finding:
    return Finding(Level.RED, "Database", sentence)
