"""The results of a run: figures, text, JSON and tables, all made from the same parts."""
