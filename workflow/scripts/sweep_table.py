"""Adapter of rule sweep_table."""

import json
from pathlib import Path

import pandas as pd

from artifact import refusals
from artifact.records import files, integrity, tables

refusals.in_one_line(Path(snakemake.log[0]))
output = snakemake.output
integrity.verify(map(Path, [*snakemake.input.runs, *snakemake.input.provenance]))
runs = tables.gather_runs([pd.read_csv(path) for path in snakemake.input.runs])
table = tables.summarise(runs)
records = [
    json.loads(Path(path).read_text(encoding="utf-8")) for path in snakemake.input.provenance
]
files.write_table(runs, Path(output.runs))
files.write_table(table, Path(output.table))
record = integrity.seal(tables.gather(records), map(Path, [output.runs, output.table]))
files.write_json(record, Path(output.provenance))
best = tables.optima(table).to_string(index=False) + "\n"
Path(snakemake.log[0]).write_text(best, encoding="utf-8")
