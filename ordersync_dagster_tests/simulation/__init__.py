"""A simulated shop: vendors that change while they are read, a webhook beside us, faults, kills and a clock."""
