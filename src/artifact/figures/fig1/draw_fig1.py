"""Fig. 1: iterates, their covariance, and the Laplace approximation.

Logistic regression on two inputs, T = 1: (a) preconditioned Langevin, (b) NGD at B = εN/2, of the
first data set. The solid ellipse is three standard deviations of the iterates, the dashed one of
the Laplace approximation. Where the two coincide, the sampler draws from the posterior.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.figure import Figure

from artifact.drawing import style

TITLES = {
    "preconditioned_langevin": "preconditioned Langevin, $T=1$",
    "stochastic_ngd": r"NGD, $B=\epsilon N/2$",
}


def ellipse(row: pd.Series, deviations: float = 3.0) -> Float[np.ndarray, "2 n"]:
    """The points `deviations` standard deviations from a Gaussian's mean.

    Args:
        row: m1, m2, c11, c12, c22.
        deviations: Mahalanobis distance.
    """
    angle = np.linspace(0, 2 * np.pi, 200)
    root = np.linalg.cholesky([[row["c11"], row["c12"]], [row["c12"], row["c22"]]])
    circle = deviations * root @ np.array([np.cos(angle), np.sin(angle)])
    return np.array([[row["m1"]], [row["m2"]]]) + circle


def draw(iterates: pd.DataFrame, ellipses: pd.DataFrame, stamp: style.Stamp) -> Figure:
    """Both panels, of the first data set.

    Args:
        iterates: sampler, update, w1, w2.
        ellipses: sampler, kind (iterates or laplace), seed, m1, m2, c11, c12, c22.
        stamp: what the figure says of itself.
    """
    first = ellipses[ellipses["seed"] == ellipses["seed"].min()]
    shown = f"first of {ellipses['seed'].nunique()} data sets"
    with style.panels(stamp, shown, 3.1) as (figure, a, b):
        for axes, (sampler, title) in zip((a, b), TITLES.items(), strict=True):
            path = iterates[iterates["sampler"] == sampler]
            rows = first[first["sampler"] == sampler].set_index("kind")
            axes.plot(
                path["w1"],
                path["w2"],
                ".",
                color=style.VERMILION,
                alpha=0.35,
                ms=2,
                mew=0,
                label="iterates",
            )
            axes.plot(
                *ellipse(rows.loc["iterates"]),
                color=style.GREEN,
                label="covariance of iterates, 3 sd",
            )
            axes.plot(
                *ellipse(rows.loc["laplace"]),
                color=style.BLUE,
                linestyle="--",
                label="Laplace approximation, 3 sd",
            )
            minimum = rows.loc["laplace"]
            axes.plot(
                minimum["m1"], minimum["m2"], "o", color=style.BLUE, label="minimum of the cost"
            )
            axes.set_title(title)
            axes.set_xlabel(r"$\omega_1$")
            axes.set_ylabel(r"$\omega_2$")
        b.sharex(a)
        b.sharey(a)
        a.autoscale()
        handles, labels = a.get_legend_handles_labels()
        legend = figure.legend(handles, labels, loc="outside upper center", ncols=4)
        for handle in legend.legend_handles:
            # One translucent iterate alone would hardly be seen.
            if handle is not None and handle.get_label() == "iterates":
                handle.set(alpha=1, markersize=5)
        return figure
