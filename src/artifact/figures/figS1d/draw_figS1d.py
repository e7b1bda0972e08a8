"""Fig. S1d: do the samplers draw the same functions from two parameterisations of one model?

(a) the log ratio of the densities drawn in two parameterisations, against the log of the
Jacobian, on the simplest model; (b) its slope as ε -> 0 for each model, sampler and correction. A
slope of 0 means the same functions. Bars are 95% intervals, ticks are theory.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from artifact.drawing import curves, style

SAMPLERS = {
    "eq8": "(8)\nnone",
    "eq11": "(11)\nnone",
    "langevin_flat": "(8)\n$k=0$",
    "ngd_flat": "(11)\n$k=0$",
    "langevin_jeffreys": "(8)\n$k=1/2$",
    "ngd_jeffreys": "(11)\n$k=1/2$",
}
"""Along the horizontal axis of panel (b): the equation and the correction."""

PROBLEMS = ("coin", "die", "logistic")

SHOWN = {"eq8": "eq. (8)", "langevin_jeffreys": "for $k=1/2$", "langevin_flat": "for $k=0$"}
"""Of panel (a)."""


def draw(ratios: pd.DataFrame, limits: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """(a) the ratio of the two densities of the first model; (b) its slope, as ε -> 0, of all.

    Args:
        ratios: see `artifact.figures.figS1d.two_parameterisations.run`.
        limits: likewise.
        stamp: what the figure says of itself.
    """
    with style.panels(stamp, "bars: 95%", 4.0) as (figure, a, b):
        first = limits["problem"].iloc[0]
        shown = ratios[ratios["problem"] == first]
        for number, (sampler, name) in enumerate(SHOWN.items()):
            rows = shown[shown["sampler"] == sampler]
            limit = _row(limits, first, sampler)
            half = limit["high"] - limit["slope"]
            label = f"{name}: {limit['slope']:.2f} ± {half:.2f}"
            _ratio(a, rows, limit["predicted"], number, label)
        a.set_title(rf"       {first}; in the legend the slope, $\epsilon\to0$")
        a.set_xlabel(r"$\ln|d\omega/d\theta|$, less its mean")
        a.set_ylabel(r"$\ln(p_\theta/p_\omega)$ (nats)")

        b.axhline(0, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
        b.plot([], [], "_", color=style.BLACK, markersize=9, label="theory")
        for number, problem in enumerate(PROBLEMS):
            if problem not in set(limits["problem"]):
                continue
            rows = pd.DataFrame([_row(limits, problem, sampler) for sampler in SAMPLERS])
            x = np.arange(len(SAMPLERS)) + 0.22 * (number - 1)
            b.errorbar(
                x,
                rows["slope"],
                rows["high"] - rows["slope"],
                color=style.COLOURS[number],
                marker=style.MARKERS[number],
                linestyle="none",
                capsize=2,
                label=problem,
            )
            b.plot(x, rows["predicted"], "_", color=style.BLACK, markersize=9, zorder=3)
        b.set_xticks(range(len(SAMPLERS)), list(SAMPLERS.values()))
        b.set_ylabel(r"slope of $\ln(p_\theta/p_\omega)$; 0: the same functions")
        b.set_title(r"limits $\epsilon\to0$, by equation and correction")
        for axes in (a, b):
            curves.legend(axes)
        return figure


def _row(limits: pd.DataFrame, problem: str, sampler: str) -> Any:
    return limits.set_index(["problem", "sampler"]).loc[(problem, sampler)]


def _ratio(axes: Axes, rows: pd.DataFrame, slope: float, number: int, label: str) -> None:
    """Points with bars of 95%, and the line of theory through their weighted middle.

    Bins that a chain never met have no ratio, and are left out.
    """
    rows = rows[np.isfinite(rows["log_ratio"]) & (rows["standard_error"] > 0)]
    x, y, error = (rows[name] for name in ("log_jacobian", "log_ratio", "standard_error"))
    colour = style.COLOURS[number]
    axes.errorbar(
        x,
        y,
        1.96 * error,
        color=colour,
        marker=style.MARKERS[number],
        linestyle="none",
        capsize=2,
        label=label,
    )
    weights = 1 / error**2
    constant = np.average(y - slope * x, weights=weights)
    axes.plot(x, slope * x + constant, color=colour, linewidth=0.9, zorder=0)
