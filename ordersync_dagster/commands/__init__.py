"""What each command of `ordersync` asks for and prints; cli.py puts them together."""
