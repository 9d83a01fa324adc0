"""What each command of `ordersync` asks for and prints; cli/main.py puts them together."""
