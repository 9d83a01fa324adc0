"""How long a run takes, and how near that is to what vendors and machine allow: `python -m benchmarks --help`.

These are measurements, not tests: nothing here fails for being slow. What must not get worse is counted, not timed,
in ordersync_dagster_tests/sync/test_effort.py.
"""
