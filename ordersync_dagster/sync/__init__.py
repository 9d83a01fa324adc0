"""The use case: plan a window of Stripe sessions and the Printful orders, then apply the plan."""
