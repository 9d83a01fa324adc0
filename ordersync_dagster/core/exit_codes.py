"""The exit codes that scripts rely on; docs/runbook.md says what to do after each."""

OK = 0
FAILED = 1  # ended with errors; a retry may help
USAGE = 2  # a person has to change something first
BUSY = 75  # another run holds the lock, or the database is away
