"""The pretend vendors on a loopback port, with the faults they are asked for."""
