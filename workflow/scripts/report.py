"""Adapter of rule report."""

import json
from pathlib import Path

import pandas as pd

from artifact import files, integrity, report

given, params = snakemake.input, snakemake.params
integrity.verify(map(Path, given.provenance))
figures = [
    report.figure(name, Path(svg).read_bytes(), json.loads(Path(record).read_text()))
    for name, svg, record in zip(params.figures, given.figures, given.provenance, strict=True)
]
page = report.render(
    Path(given.template).read_text(),
    params.settings,
    figures,
    pd.read_csv(given.claims),
    Path(given.readings).read_text(),
    pd.read_csv(given.compared),
)
files.replace(Path(snakemake.output.page), lambda path: path.write_text(page))
