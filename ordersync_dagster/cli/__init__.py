"""The commands of `ordersync`: their options and their output. cli/main.py collects them."""
