"""Adapter of rule archive."""

from pathlib import Path

from artifact import refusals
from artifact.records import integrity

refusals.in_one_line(Path(snakemake.log[0]))
results = [Path(path) for path in snakemake.input]
integrity.archive(results, results[0].parent, Path(snakemake.params.archive))
