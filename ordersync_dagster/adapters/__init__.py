"""The outside systems, one module each: they fetch and store, they decide nothing."""
