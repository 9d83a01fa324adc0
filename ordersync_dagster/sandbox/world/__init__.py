"""What the pretend shop consists of, and how its scenarios are made."""
