"""A panel of Figs S1b and S1c: one sweep with each of three priors."""

import pandas as pd
from matplotlib.axes import Axes

from artifact.drawing import curves

METRIC = "ensemble_cross_entropy"


def three_priors(
    axes: Axes,
    title: str,
    paper: pd.DataFrame,
    jeffreys: pd.DataFrame,
    flat: pd.DataFrame,
    equation: str,
) -> None:
    """The ensembles' cross entropy of the paper's sampler and of the two corrected ones.

    Args:
        axes: the panel.
        title: above it.
        paper: the sweep's table of the paper's sampler, see `artifact.records.tables.summarise`.
        jeffreys: of the sampler with the Jeffreys prior.
        flat: of the one with a flat prior.
        equation: the paper's sampler, for the legend.
    """
    labelled = {f"{equation}, $k=1$": paper, "Jeffreys, $k=1/2$": jeffreys, "flat, $k=0$": flat}
    for number, (name, table) in enumerate(labelled.items()):
        label = f"{name}, {sets(table)}"
        curves.curve(axes, table, METRIC, "temperature", label, number, mark_optimum=True)
    axes.set_title(title)


def sets(table: pd.DataFrame) -> str:
    """How many training sets a sweep has, for the legend: it is not the same for all."""
    counts = table["repeats"] + table["diverged"] + table["dead"]
    return f"{int(counts.max())} sets"


def finish(axes: Axes, tables: list[pd.DataFrame]) -> None:
    """T = 1, and axes that all `tables` share."""
    everything = pd.concat(tables)
    curves.predicted(axes, 1.0, "$T=1$")
    curves.cross_entropy_axis(axes, everything[everything["metric"] == METRIC])
    curves.finish(axes, curves.TEMPERATURE, curves.CROSS_ENTROPY)
