"""Adapter of rule plot."""

import json
from importlib import import_module
from pathlib import Path

import pandas as pd

from artifact import integrity
from artifact.plots import style

figure = import_module(f"artifact.plots.{snakemake.wildcards.figure}")
given = snakemake.input
integrity.verify(Path(path) for name, path in given.items() if name != "code")
panels = {
    name: pd.read_csv(path) for name, path in given.items() if name not in ("provenance", "code")
}
data = json.loads(Path(given.provenance).read_text())["data"]
drawn = figure.draw(**panels, stamp=style.Stamp(snakemake.params.scale, data))
output = snakemake.output
style.save(drawn, Path(output.pdf), Path(output.png), Path(output.svg))
