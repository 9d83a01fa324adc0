"""Tables: ours, the shop's, and how ours fit the shop's."""
