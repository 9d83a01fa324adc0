"""Which database it is, as itself says: the same by every name, address and pooler that leads to it."""

from pathlib import Path

from sqlalchemy import Connection, text

# A copy of a whole server has its identifiers, but did not start in the same microsecond.
_QUERY = text(
    "SELECT pg_postmaster_start_time()::text, oid::text, current_schema() FROM pg_database "
    "WHERE datname = current_database()"
)


def identity(connection: Connection, path: Path | None, own_schema: str | None) -> tuple[str, ...]:
    """Equal for two connections to one database and one schema of our own tables, as long as the server runs."""
    if path is not None:
        found = path.stat()
        return str(found.st_dev), str(found.st_ino)
    started, database, schema = connection.execute(_QUERY).one()
    return str(started), str(database), own_schema or str(schema)
