"""Our own records: runs, and the audit of every row that was written."""
