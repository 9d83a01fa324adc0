"""One careful way to read from a vendor."""
