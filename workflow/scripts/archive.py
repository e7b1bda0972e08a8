"""Adapter of rule archive."""

from pathlib import Path

from artifact.records import integrity

params = snakemake.params
integrity.archive(map(Path, snakemake.input), Path(params.source), Path(params.archive))
