"""Undoes one run."""
