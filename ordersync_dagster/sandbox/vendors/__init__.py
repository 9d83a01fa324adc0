"""Stripe's and Printful's side of the wire."""
