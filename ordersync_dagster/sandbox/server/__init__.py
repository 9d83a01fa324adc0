"""The pretend vendors on a loopback port, with faults on request."""
