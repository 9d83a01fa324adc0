"""Dagster: the only package that imports it."""

import warnings

import dagster as dg

# Partitions of checks and backfill policies are tested here against the pinned version; in every process of a
# deployment these would otherwise be the first lines that a person reads.
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
warnings.filterwarnings("ignore", category=dg.BetaWarning)
