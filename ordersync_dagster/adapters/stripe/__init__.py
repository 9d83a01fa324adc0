"""Stripe, read only: Checkout Sessions, refunds, disputes and events."""
