"""Tables: the shop's, our own, and ours fitted to the shop's."""
