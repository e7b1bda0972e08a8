"""Adapter of rule claims."""

from pathlib import Path

import pandas as pd

from artifact import files, integrity
from artifact.claims import repeats, verdicts

integrity.verify(Path(path) for name, path in snakemake.input.items() if name != "code")
tables = {
    name: repeats.read(name, pd.read_csv(path))
    for name, path in snakemake.input.items()
    if name != "code"
}
judged = verdicts.judge_all(snakemake.params.claims, tables, snakemake.params.root)
files.write_table(judged, Path(snakemake.output.claims))
text = verdicts.text(judged)
Path(snakemake.log[0]).write_text(text)
print(text)
