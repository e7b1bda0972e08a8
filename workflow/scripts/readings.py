"""Adapter of rule readings."""

from pathlib import Path

import pandas as pd

from artifact import files, readings

runs = {
    name: pd.read_csv(path)
    for name, path in snakemake.input.items()
    if name not in ("figure", "code")
}
table = readings.compare(runs)
files.write_table(table, Path(snakemake.output.table))
print(table.to_string(index=False))
