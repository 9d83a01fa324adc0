"""Connections, the lock of a run, and what a database's errors mean."""
