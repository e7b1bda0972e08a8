"""Adapter of rule plot."""

import json
import os
from pathlib import Path

# A notebook's or a user's choice of window would be looked for here, in vain.
os.environ["MPLBACKEND"] = "agg"

from importlib import import_module

import pandas as pd

from artifact import refusals
from artifact.drawing import style
from artifact.records import integrity

refusals.in_one_line(Path(snakemake.log[0]))
given = dict(snakemake.input.items())
records = [Path(path) for path in snakemake.input.provenance]
del given["provenance"]
integrity.verify([*records, *map(Path, given.values())])
panels = {name: pd.read_csv(path) for name, path in given.items()}
sets = {json.loads(record.read_text(encoding="utf-8"))["data"] for record in records}
data = ", ".join(sorted(sets))
figure = import_module(snakemake.params.module)
drawn = figure.draw(**panels, stamp=style.Stamp(snakemake.params.scale, data))
output = snakemake.output
style.save(drawn, Path(output.pdf), Path(output.png), Path(output.svg))
