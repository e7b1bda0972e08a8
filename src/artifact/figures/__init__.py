"""The paper's experiments: settings and data in, tables out."""
