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
now = pd.read_csv(snakemake.input.claims)
differing = verdicts.changes(now, pd.read_csv(archived))
decided = (now["verdict"] != "inconclusive").sum()
text = "\n".join(differing) or (
    f"check: every verdict is that of {archived}: {decided} decided, "
    f"{len(now) - decided} inconclusive in both"
)
Path(snakemake.log[0]).write_text(text + "\n", encoding="utf-8")
print(text)
if differing:
    raise refusals.RefusedError(
        f"check: {len(differing)} verdicts differ from {archived}: {'; '.join(differing)}"
    )
