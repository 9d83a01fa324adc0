"""Prometheus: a file, or a push gateway."""
