"""Whatever the vendors answer: rows, a problem, or an error with a name; never anything else."""
