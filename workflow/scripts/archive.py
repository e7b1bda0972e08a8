"""Adapter of rule archive."""

from pathlib import Path

from artifact import refusals
from artifact.records import integrity

refusals.in_one_line(Path(snakemake.log[0]))
params = snakemake.params
integrity.archive(map(Path, snakemake.input), Path(params.source), Path(params.archive))
