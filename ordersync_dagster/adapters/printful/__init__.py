"""Printful API v1, read only."""
