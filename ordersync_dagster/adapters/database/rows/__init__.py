"""Rows of the shop's tables: read, built, inserted."""
