"""Connections, the lock of a run, and database errors as sentences."""
