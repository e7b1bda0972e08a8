"""The paper's experiments: settings, data, tables and plots on top of `ngd`."""
