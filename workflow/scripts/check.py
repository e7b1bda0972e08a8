"""Adapter of rule check."""

from pathlib import Path

import pandas as pd

from artifact import refusals
from artifact.claims import verdicts
from artifact.records import integrity

refusals.in_one_line(Path(snakemake.log[0]))
archived = Path(snakemake.params.archived)
if not archived.is_file():
    raise refusals.RefusedError(
        f"check: no verdicts are archived for this scale: {archived} is missing"
    )
integrity.verify_archive(archived.parent)
differing = verdicts.changes(pd.read_csv(snakemake.input.claims), pd.read_csv(archived))
text = "\n".join(differing) or f"check: every verdict is that of {archived}"
Path(snakemake.log[0]).write_text(text + "\n", encoding="utf-8")
print(text)
if differing:
    raise refusals.RefusedError(
        f"check: {len(differing)} verdicts differ from {archived}: {'; '.join(differing)}"
    )
