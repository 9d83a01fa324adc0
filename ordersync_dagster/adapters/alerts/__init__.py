"""Where alerts go: one sink for each URL, through apprise, the only module that imports it."""
