"""Stripe's and Printful's HTTP APIs."""
