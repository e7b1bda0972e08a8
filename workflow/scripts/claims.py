"""Adapter of rule claims."""

from pathlib import Path

import pandas as pd

from artifact import refusals
from artifact.claims import claimfile, repeats, verdicts
from artifact.records import files, integrity

refusals.in_one_line(Path(snakemake.log[0]))
given = dict(snakemake.input.items())
integrity.verify(map(Path, given.values()))
tables = {name: repeats.read(name, pd.read_csv(path)) for name, path in given.items()}
claims = claimfile.at_scale(claimfile.read(Path(snakemake.params.claims)), snakemake.params.scale)
judged = verdicts.judge_all(claims, tables, snakemake.params.root)
files.write_table(judged, Path(snakemake.output.claims))
text = verdicts.text(judged)
Path(snakemake.log[0]).write_text(text, encoding="utf-8")
print(text)
