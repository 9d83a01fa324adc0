"""How long a run takes, compared with the limits of vendors and machine: `python -m benchmarks --help`.

These are measurements, not tests: nothing here fails because it is slow. ordersync_dagster_tests/sync/test_effort.py
counts the work that must not grow.
"""
