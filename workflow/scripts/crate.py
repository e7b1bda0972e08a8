"""Adapter of rule crate."""

import json
from pathlib import Path

from artifact.records import crate, files

given = snakemake.input
root = Path.cwd()
content = crate.describe(
    root,
    [Path(path) for path in given.workflow],
    [Path(path) for path in given.results],
    snakemake.params.scale,
    [json.loads(Path(path).read_text(encoding="utf-8")) for path in given.provenance],
)
files.replace(Path(snakemake.output.crate), content.write_zip)
