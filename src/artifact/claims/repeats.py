"""Tables as one row a repeat, so that repeats can be resampled."""

import itertools

import numpy as np
import pandas as pd

from artifact.records import tables
from artifact.records.tables import COORDINATES, METRICS

WORST = {"cross_entropy": np.inf, "accuracy": 0.0}
"""What a chain scores that diverged or is dead."""


def of_sweep(runs: pd.DataFrame) -> pd.DataFrame:
    """A sweep's runs: a row a seed, columns (metric, N, ε, T, B).

    A chain that diverged or ended as a dead network has an infinite cross entropy and no accuracy:
    it is no optimum. A point that was run with fewer seeds than others has NaN at those that it
    lacks.
    """
    scored = runs.copy()
    for metric in METRICS:
        worst = next(value for kind, value in WORST.items() if metric.endswith(kind))
        scored[metric] = scored[metric].mask(tables.lost(scored), worst).fillna(worst)
    wide = scored.pivot(index="seed", columns=COORDINATES, values=METRICS)
    wide.columns = wide.columns.set_names("metric", level=0)
    return wide


def of_prior(runs: pd.DataFrame) -> pd.DataFrame:
    """Fig. 4a's log priors: a row a seed, columns (δ, |ω|)."""
    return runs.pivot(index="seed", columns=["damping", "norm"], values="value")


def of_ellipses(ellipses: pd.DataFrame) -> pd.DataFrame:
    """Fig. 1's covariances: a row a data set, columns (first, second, axis).

    Each is the first's variance over the second's, along an axis of the second (1 the long
    one). Laplace's covariance is the same for both samplers.
    """
    entries = ellipses[["c11", "c12", "c12", "c22"]].to_numpy().reshape(-1, 2, 2)
    names = ellipses["sampler"].where(ellipses["kind"] == "iterates", "laplace")
    covariance = dict(zip(zip(names, ellipses["seed"], strict=True), entries, strict=True))
    rows: dict[int, dict[tuple[str, str, int], float]] = {}
    for seed in ellipses["seed"].unique():
        row = rows[int(seed)] = {}
        for first, second in itertools.permutations(sorted(set(names)), 2):
            variances, axes = np.linalg.eigh(covariance[second, seed])
            along = np.einsum("ia,ij,ja->a", axes, covariance[first, seed], axes)
            for axis, ratio in zip((2, 1), along / variances, strict=True):
                row[first, second, axis] = float(ratio)
    columns = pd.MultiIndex.from_tuples(
        next(iter(rows.values())), names=["first", "second", "axis"]
    )
    return pd.DataFrame([list(row.values()) for row in rows.values()], list(rows), columns)


def of_exponents(exponents: pd.DataFrame) -> pd.DataFrame:
    """Fig. S1's k as ε -> 0: a row a (δ, T), columns (problem, sampler).

    Each has chains of its own, of one training set; k does not depend on δ or T.
    """
    limits = exponents[exponents["learning_rate"] == 0]
    return limits.pivot(
        index=["damping", "temperature"], columns=["problem", "sampler"], values="exponent"
    )


def of_temperatures(runs: pd.DataFrame) -> pd.DataFrame:
    """Fig. S2's T over Theorem 2's: a row a seed, columns (model, N, ε) that all seeds have."""
    ratios = runs.assign(ratio=runs["measured"] / runs["predicted"])
    return ratios.pivot(
        index="seed", columns=["model", "N", "learning_rate"], values="ratio"
    ).dropna(axis=1)


def of_slopes(runs: pd.DataFrame) -> pd.DataFrame:
    """Fig. S1d's slopes as ε -> 0: a row a repeat, columns (problem, sampler)."""
    limits = runs[runs["learning_rate"] == 0]
    return limits.pivot(index="repeat", columns=["problem", "sampler"], values="slope")


def of_estimates(runs: pd.DataFrame) -> pd.DataFrame:
    """Fig. S2b's T over that with the exact Fisher: a row a seed, columns (M, α)."""
    return runs.pivot(index="seed", columns=["labels", "smoothing"], values="ratio")


def of_distances(table: pd.DataFrame) -> pd.DataFrame:
    """Fig. S4's distances from NUTS: a row a repeat, columns (n, sampler).

    The repeats of one n are not those of another: separable training sets are passed over.
    """
    return table.pivot(index="repeat", columns=["inputs", "sampler"], values="distance")


def of_predictions(table: pd.DataFrame) -> pd.DataFrame:
    """Distances from HMC: a row a repeat where HMC's chains mixed, columns samplers."""
    return table.pivot(index="repeat", columns="sampler", values="distance").dropna()


def of_directions(table: pd.DataFrame) -> pd.DataFrame:
    """How far the prior differs between directions: a row a seed, columns N."""
    return table.pivot(index="seed", columns="examples", values="spread")


def of_separable(table: pd.DataFrame) -> pd.DataFrame:
    """Whether each training set is linearly separable: a row a seed, the one column its N.

    Raises:
        ValueError: there are several N, so that a seed is several training sets.
    """
    wide = table.pivot(index="seed", columns="N", values="separable")
    if wide.shape[1] != 1:
        raise ValueError(f"separable must be of one N, got {sorted(wide.columns)}")
    return wide


READERS = {
    "fig1": of_ellipses,
    "fig4a": of_prior,
    "isotropy": of_directions,
    "separable": of_separable,
    "figS1": of_exponents,
    "figS2": of_temperatures,
    "figS1d": of_slopes,
    "figS2b": of_estimates,
    "figS4": of_distances,
    "figS4b": of_predictions,
    "figS4c": of_predictions,
}
ENDINGS = {
    "fig1": "_ellipses",
    "isotropy": "",
    "separable": "",
    "figS1": "",
    "figS2": "",
    "figS2b": "",
    "figS4": "",
    "figS4b": "",
    "figS4c": "",
}


def file_of(name: str, run_as: str | None = None) -> str:
    """The table that holds the repeats of the figure or panel called `name`.

    Args:
        name: as in `workflow/claims.yaml`.
        run_as: whose settings it was run with, where they are those of another reading.
    """
    return (run_as or name) + ENDINGS.get(name, "_runs")


def read(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The runs of the figure or panel called `name`, a row a repeat."""
    return READERS.get(name, of_sweep)(table)
