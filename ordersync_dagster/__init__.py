"""Finds and repairs drift between Stripe Checkout, Printful and a shop's own orders tables."""

__version__ = "0.1.0"
