"""What a run says: figures, text, JSON and tables, all made from the same parts of a plan."""
