"""A verdict for every empirical claim of the paper: tables in, verdicts out."""
