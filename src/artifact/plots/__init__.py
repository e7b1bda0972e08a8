"""The figures: tables in, matplotlib figures out."""
