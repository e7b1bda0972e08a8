"""Settings: their types, the grid of a sweep, and how the layers become one checked whole."""
