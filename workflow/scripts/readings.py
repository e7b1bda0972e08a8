"""Adapter of rule readings."""

from pathlib import Path

import pandas as pd

from artifact import refusals
from artifact.figures.readings import compare_readings
from artifact.records import files, integrity

refusals.in_one_line(Path(snakemake.log[0]))
given = {name: path for name, path in snakemake.input.items() if name != "figure"}
integrity.verify(map(Path, given.values()))
table = compare_readings.compare({name: pd.read_csv(path) for name, path in given.items()})
files.write_table(table, Path(snakemake.output.table))
print(table.to_string(index=False))
