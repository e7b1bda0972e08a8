"""Adapter of rule report."""

import json
from pathlib import Path

import pandas as pd

from artifact import refusals
from artifact.claims import findings
from artifact.records import files, integrity, report

refusals.in_one_line(Path(snakemake.log[0]))
given, params = snakemake.input, snakemake.params
integrity.verify(map(Path, given.provenance))
figures = [
    report.figure(
        name,
        module,
        Path(svg).read_bytes(),
        {Path(path).stem: json.loads(Path(path).read_text(encoding="utf-8")) for path in records},
    )
    for name, module, svg, records in zip(
        params.figures, params.modules, given.figures, params.records, strict=True
    )
]
claims = pd.read_csv(given.claims)
page = report.render(
    Path(given.template).read_text(encoding="utf-8"),
    params.settings,
    figures,
    claims,
    Path(given.readings).read_text(encoding="utf-8"),
    Path(given.theorem_1).read_text(encoding="utf-8"),
    pd.read_csv(given.compared),
    findings.told(claims, pd.read_csv(given.by_reading)),
)
files.replace(Path(snakemake.output.page), lambda path: path.write_text(page, encoding="utf-8"))
