"""GET requests to vendors: guard, retries, deadlines and rate limits."""
