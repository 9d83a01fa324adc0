"""A thousand shops against the vendors' limits: a simulation by the product's own request counts."""
