"""Printful."""
