"""The statistics that decide claims: from the means over repeats to one number.

Each takes `means`, tables of means by name, one row a resampling and columns as in
`artifact.claims.repeats`, and what the claim's `of` says; it returns a number a row. The first
line of its docstring is what the claims' table says of it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

Means = Mapping[str, pd.DataFrame]
Numbers = np.ndarray

TOLERANCE = 1e-6
"""T of a file and of a claim are the same when they differ by less than this part."""


LEAST_POINTS = 3
"""A curve of fewer points has no optimum to speak of."""


class LackingError(LookupError):
    """A table or a point which the statistic needs was not run."""


def table_of(means: Means, name: str) -> pd.DataFrame:
    """The table of means called `name`."""
    if name not in means:
        raise LackingError(f"no table {name}")
    return means[name]


def curves(means: Means, table: str, metric: str, axis: str = "temperature") -> list[pd.DataFrame]:
    """The curves of a table, one for each N and ε in order, columns along `axis`."""
    everything = table_of(means, table)
    wide = everything.loc[:, everything.columns.get_level_values("metric") == metric]
    wide = wide.droplevel("metric", axis=1)
    found = []
    for _, columns in wide.columns.to_frame(index=False).groupby(["N", "learning_rate"]):
        curve = wide.loc[:, [tuple(column) for column in columns.to_numpy()]]
        curve.columns = curve.columns.get_level_values(axis)
        found.append(curve.sort_index(axis=1))
    return found


def curve(means: Means, of: Mapping[str, Any], metric: str) -> pd.DataFrame:
    """The one curve of `of`: its table and, where that holds several, its N or ε."""
    wide = table_of(means, of["table"])
    for level in ("N", "learning_rate"):
        if level in of:
            chosen = wide.columns.get_level_values(level) == of[level]
            if not chosen.any():
                raise LackingError(f"no {level} = {of[level]} in {of['table']}")
            wide = wide.loc[:, chosen]
    (found,) = curves({of["table"]: wide}, of["table"], metric)
    return found


def at(curve: pd.DataFrame, temperature: float) -> Numbers:
    """A curve at one temperature."""
    near = np.isclose(curve.columns, temperature, rtol=TOLERANCE)
    if not near.any():
        raise LackingError(f"no point at T = {temperature:g}")
    return curve.loc[:, near].to_numpy()[:, 0]


def best(curve: pd.DataFrame, metric: str) -> Numbers:
    """Where on its axis a curve is best: the least cross entropy, the largest accuracy."""
    if curve.shape[1] < LEAST_POINTS:
        raise LackingError(f"fewer than {LEAST_POINTS} points on a curve")
    values = curve.to_numpy()
    index = values.argmin(1) if metric.endswith("cross_entropy") else values.argmax(1)
    return curve.columns.to_numpy(float)[index]


def worst_ratio(means: Means, first: str, second: str) -> Numbers:
    """The ratio of the two variances along the axis where it is further from one."""
    ratios = table_of(means, "fig1")[first][second].to_numpy()
    furthest = np.abs(np.log(ratios)).argmax(1)
    return np.take_along_axis(ratios, furthest[:, None], 1)[:, 0]


def optimum(means: Means, metric: str, **of: Any) -> Numbers:
    """The temperature, of those run, at which the mean is best."""
    return best(curve(means, of, metric), metric)


def ensemble_gain(means: Means, temperature: float, **of: Any) -> Numbers:
    """The ensemble's accuracy less a single sample's."""
    ensemble, single = (curve(means, of, f"{kind}_accuracy") for kind in ("ensemble", "single"))
    return at(ensemble, temperature) - at(single, temperature)


def gain_of_noise(means: Means, temperature: float, **of: Any) -> Numbers:
    """The ensemble's mean cross entropy at the lowest T less that at the T asked for, in nats."""
    found = curve(means, of, "ensemble_cross_entropy")
    return found.to_numpy()[:, 0] - at(found, temperature)


def drift(
    means: Means, early: Mapping[str, Any], late: Mapping[str, Any], temperature: float
) -> Numbers:
    """By how much of itself a single sample's mean cross entropy has risen since a shorter burn-in.

    One where a chain has diverged by either time: it has no stationary distribution.
    """
    before, after = (
        at(curve(means, of, "single_cross_entropy"), temperature) for of in (early, late)
    )
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(before) | np.isinf(after), 1.0, 1 - before / after)


def log_ratio(
    means: Means,
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    metric: str,
    temperature: float,
) -> Numbers:
    """Ln of one curve's mean over another's at the same temperature."""
    above, below = (at(curve(means, of, metric), temperature) for of in (first, second))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(above / below)


def largest_difference(
    means: Means,
    tables: Sequence[str],
    metric: str,
    low: float,
    high: float,
    learning_rates: Sequence[float] | None = None,
) -> Numbers:
    """The largest relative difference of the curves' means, ln(max/min), over the T asked for.

    Of accuracies it is that of the error rates, 1 less the accuracy.
    """
    found = [
        c
        for table in tables
        for c in curves(_of_rates(means, table, learning_rates), table, metric)
    ]
    ranges = [{t for t in c.columns.to_numpy(float) if low <= t <= high} for c in found]
    shared = sorted(set.intersection(*ranges))
    if len(found) < 2 or not shared:
        raise LackingError("no temperature that the curves share")
    stacked = np.stack([c[shared].to_numpy() for c in found])
    if metric.endswith("accuracy"):
        stacked = 1 - stacked
    return np.log(stacked.max(0) / stacked.min(0)).max(1)


def steepest_prior(means: Means, damping: float) -> Numbers:
    """The largest change of the log prior, in nats, from one norm to the next larger one."""
    prior = table_of(means, "fig4a")
    if damping not in prior.columns.get_level_values("damping"):
        raise LackingError(f"no damping = {damping:g} in fig4a")
    return np.diff(prior[damping].sort_index(axis=1).to_numpy(), axis=1).max(1)


def softening(means: Means) -> Numbers:
    """The least gain of the log prior at the largest norm from one damping to the next larger."""
    prior = table_of(means, "fig4a")
    norm = prior.columns.get_level_values("norm").max()
    return np.diff(prior.xs(norm, axis=1, level="norm").sort_index(axis=1), axis=1).min(1)


def spread_exponent(means: Means) -> Numbers:
    """The slope of ln s against ln N, s the prior's standard deviation over directions."""
    spread = table_of(means, "isotropy")
    if spread.shape[1] < 2:
        raise LackingError("isotropy has one N")
    sizes = np.log(spread.columns.to_numpy(float))
    return np.polyfit(sizes, np.log(spread.to_numpy()).T, 1)[0]


def least_rise(means: Means, metric: str, **of: Any) -> Numbers:
    """The least change of the mean cross entropy, in nats, from one batch size to the next smaller.

    From the first infinite mean on (diverged chains) nothing is asked.
    """
    values = curve(means, of, metric).to_numpy()
    if values.shape[1] < 2:
        raise LackingError("fewer than 2 points on a curve")
    with np.errstate(invalid="ignore"):
        return np.fmin.reduce(np.diff(values, axis=1), axis=1)


def fall_and_rise(means: Means, **of: Any) -> Numbers:
    """Ln of the mean cross entropy at T = 2 over that at T = 1/2."""
    found = curve(means, of, "ensemble_cross_entropy")
    with np.errstate(invalid="ignore"):
        return np.log(at(found, 2.0) / at(found, 0.5))


def flattening(means: Means, tables: Sequence[Mapping[str, Any]], low: float) -> Numbers:
    """The least loss of depth from one N to the next larger.

    The depth is the mean cross entropy at T = `low` less that at T = 1, in nats.
    """
    found = [curve(means, of, "ensemble_cross_entropy") for of in tables]
    depths = np.stack([at(c, low) - at(c, 1.0) for c in found])
    return (-np.diff(depths, axis=0)).min(0)


def exponent(means: Means, tables: Sequence[Mapping[str, Any]]) -> Numbers:
    """The slope of ln B against ln N, B the batch size of the least mean cross entropy."""
    metric = "ensemble_cross_entropy"
    batches = []
    for of in tables:
        wide = table_of(means, of["table"])
        if of["N"] not in wide.columns.get_level_values("N"):
            raise LackingError(f"no N = {of['N']} in {of['table']}")
        chosen = wide.loc[:, wide.columns.get_level_values("N") == of["N"]]
        (by_batch,) = curves({of["table"]: chosen}, of["table"], metric, "batch_size")
        batches.append(best(by_batch, metric))
    return np.polyfit(np.log([of["N"] for of in tables]), np.log(np.stack(batches)), 1)[0]


def least_bend(
    means: Means,
    table: str,
    below: float,
    above: float,
    learning_rates: Sequence[float] | None = None,
) -> Numbers:
    """The least, of all curves, of how far the mean at T = 1 lies below the chord, and the far end.

    The chord is the straight line in T from T = `below` to T = `above`; both distances are of ln
    C. A curve that rises evenly in T lies on its chord and has 0, however steep it is; so has one
    that does not rise beyond T = 1.
    """
    bends = []
    for found in curves(_of_rates(means, table, learning_rates), table, "ensemble_cross_entropy"):
        low, middle, high = (at(found, t) for t in (below, 1.0, above))
        chord = low + (high - low) * (1.0 - below) / (above - below)
        with np.errstate(invalid="ignore", divide="ignore"):
            bends.append(np.minimum(np.log(chord / middle), np.log(high / middle)))
    return np.min(bends, axis=0)


def _of_rates(means: Means, table: str, rates: Sequence[float] | None) -> Means:
    """The table's curves of some learning rates alone, all of which must be there."""
    wide = table_of(means, table)
    if rates is None:
        return {table: wide}
    held = wide.columns.get_level_values("learning_rate").to_numpy(float)
    chosen = np.zeros(len(held), bool)
    for rate in rates:
        near = np.isclose(held, rate, rtol=TOLERANCE)
        if not near.any():
            raise LackingError(f"no learning rate {rate:g} in {table}")
        chosen |= near
    return {table: wide.loc[:, chosen]}


def least_fall_with_examples(means: Means, table: str, temperature: float) -> Numbers:
    """The least fall of the mean cross entropy, in nats, from one N to the next larger."""
    found = curves(means, table, "ensemble_cross_entropy")
    if len(found) < 2:
        raise LackingError(f"{table} has one N")
    return (-np.diff([at(c, temperature) for c in found], axis=0)).min(0)


def shift(means: Means, table: str) -> Numbers:
    """The slope of ln T against ln N, T the temperature of the least mean cross entropy.

    Where the least is at an edge of the grid, the temperature is not told: NaN.
    """
    found = curves(means, table, "ensemble_cross_entropy")
    sizes = np.unique(table_of(means, table).columns.get_level_values("N"))
    if len(sizes) < 2:
        raise LackingError(f"{table} has one N")
    where = np.stack([best(c, "ensemble_cross_entropy") for c in found])
    for row, curve_of_n in zip(where, found, strict=True):
        grid = curve_of_n.columns.to_numpy(float)
        row[(row == grid[0]) | (row == grid[-1])] = np.nan
    told = np.isfinite(where).all(axis=0)
    slopes = np.full(where.shape[1], np.nan)
    if told.any():
        slopes[told] = np.polyfit(np.log(sizes), np.log(where[:, told]), 1)[0]
    return slopes


def metric_power(means: Means, problem: str, sampler: str) -> Numbers:
    """The k of e^{-C/T}|G|^k that a sampler's chains have as ε -> 0, mean over T and dampings."""
    return _column(means, "figS1", (problem, sampler))


def temperature_ratio(means: Means, model: str, examples: int, learning_rate: float) -> Numbers:
    """The temperature that is measured over the one that Theorem 2 predicts."""
    return _column(means, "figS2", (model, examples, learning_rate))


def parameterisation_slope(means: Means, problem: str, sampler: str) -> Numbers:
    """The slope of ln(p_θ/p_ω) against ln|dω/dθ| as ε -> 0; 0 if both draw the same functions."""
    return _column(means, "figS1d", (problem, sampler))


def heat_of_estimate(means: Means, labels: int, smoothing: float) -> Numbers:
    """The temperature with an estimated Fisher over that with the exact one."""
    return _column(means, "figS2b", (labels, smoothing))


def distance_from_nuts(means: Means, inputs: int, sampler: str) -> Numbers:
    """The distance of a sampler's draws from NUTS's, in standard deviations, mean over axes."""
    return _column(means, "figS4", (inputs, sampler))


def distance_from_hmc(means: Means, table: str, sampler: str) -> Numbers:
    """The total variation of a sampler's predictions from HMC's, mean over test images."""
    return _column(means, table, sampler)


def _column(means: Means, table: str, name: str | tuple[Any, ...]) -> Numbers:
    wide = table_of(means, table)
    if name not in wide.columns:
        told = name if isinstance(name, str) else " ".join(map(str, name))
        raise LackingError(f"no {told} in {table}")
    return wide[name].to_numpy()


STATISTICS: Mapping[str, Callable[..., Numbers]] = {
    statistic.__name__: statistic
    for statistic in (
        worst_ratio,
        optimum,
        ensemble_gain,
        gain_of_noise,
        drift,
        log_ratio,
        largest_difference,
        steepest_prior,
        softening,
        spread_exponent,
        least_rise,
        fall_and_rise,
        flattening,
        exponent,
        least_bend,
        least_fall_with_examples,
        shift,
        metric_power,
        temperature_ratio,
        parameterisation_slope,
        heat_of_estimate,
        distance_from_nuts,
        distance_from_hmc,
    )
}
"""Those that a claim may name."""
