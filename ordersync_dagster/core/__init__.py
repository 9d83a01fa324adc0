"""The decisions: pure functions over plain data; no clock, no environment, no log, no I/O."""
