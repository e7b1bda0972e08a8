"""Readings of the text: the ensemble's cross entropy against T, each beside the one we chose."""

import math

import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from artifact.drawing import curves, style
from artifact.figures.readings.compare_readings import base_of

COLUMNS = 3


def draw(stamp: style.Stamp, **tables: pd.DataFrame) -> Figure:
    """A panel for each reading that is not ours, beside its `base_of`.

    Args:
        stamp: what the figure says of itself.
        tables: the readings' sweeps, see `artifact.records.tables.summarise`.
    """
    others = {name: table for name, table in tables.items() if base_of(name) != name}
    rows = math.ceil(len(others) / COLUMNS)
    with style.ours():
        figure = Figure(figsize=(style.WIDTH, 2.1 * rows), layout="constrained")
        FigureCanvasAgg(figure)
        grid = list(figure.subplots(rows, COLUMNS, sharex=True, squeeze=False).flat)
        for axes, (name, table) in zip(grid, others.items(), strict=False):
            base = tables[base_of(name)]
            metric = "ensemble_cross_entropy"
            curves.curve(axes, base, metric, "temperature", "ours", 0, style.GREY)
            curves.curve(axes, table, metric, "temperature", name, 1, style.VERMILION)
            curves.cross_entropy_axis(axes, pd.concat([base, table]))
            curves.logarithmic(axes.xaxis)
            axes.set_title(name.replace("_", " "))
        for axes in grid[len(others) :]:
            axes.remove()
        for axes in grid[max(len(others) - COLUMNS, 0) : len(others)]:
            axes.tick_params(labelbottom=True)  # also where the panel below is not
        figure.supylabel("ensemble's " + curves.CROSS_ENTROPY, fontsize=7)
        counted = f"{stamp.repeats or style.repeats(*tables.values())}  ·  grey: ours"
        figure.supxlabel(
            f"{curves.TEMPERATURE}\nscale: {stamp.scale}  ·  data: {stamp.data}  ·  {counted}",
            fontsize=7,
            color=style.GREY,
        )
        return figure
