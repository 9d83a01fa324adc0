"""The data of the pretend shop, and its scenarios."""
