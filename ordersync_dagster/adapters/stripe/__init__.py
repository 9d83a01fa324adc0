"""Stripe, read only: Checkout Sessions, refunds and events."""
