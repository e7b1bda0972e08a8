"""Adapter of rule check."""

import sys
from pathlib import Path

import pandas as pd

from artifact.claims import verdicts

archived = Path(snakemake.params.archived)
if not archived.is_file():
    sys.exit(f"check: no verdicts are archived for this scale: {archived} is missing")
differing = verdicts.changes(pd.read_csv(snakemake.input.claims), pd.read_csv(archived))
text = "\n".join(differing) or f"check: every verdict is that of {archived}"
Path(snakemake.log[0]).write_text(text + "\n", encoding="utf-8")
print(text)
if differing:
    sys.exit(f"check: {len(differing)} verdicts differ from {archived}")
