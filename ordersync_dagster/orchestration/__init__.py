"""Dagster: the only package that imports it."""
