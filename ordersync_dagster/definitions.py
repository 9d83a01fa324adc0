"""The one Definitions object."""
