"""Adapter of rule crate."""

import json
from pathlib import Path

from artifact import refusals
from artifact.records import crate, files, integrity

refusals.in_one_line(Path(snakemake.log[0]))
given = snakemake.input
integrity.verify(map(Path, [*given.results, *given.provenance]))
content = crate.describe(
    Path.cwd(),
    [Path(path) for path in given.workflow],
    [Path(path) for path in given.results],
    snakemake.params.scale,
    [json.loads(Path(path).read_text(encoding="utf-8")) for path in given.provenance],
    Path(snakemake.params.home),
)
files.replace(Path(snakemake.output.crate), lambda path: crate.pack(content, path))
