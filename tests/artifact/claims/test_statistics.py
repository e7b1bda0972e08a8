"""Each statistic on made-up means, against the number worked by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest

from artifact.claims import repeats, statistics
from artifact.records.tables import METRICS

T = (0.5, 1.0, 2.0, 4.0)


def sweep(value, examples=(100,), rates=(0.1,), temperatures=T, seeds=1):
    """A sweep a row a seed: `value(metric, N, ε, T)`, the same for each seed."""
    rows = []
    for n, rate, t, seed in itertools.product(examples, rates, temperatures, range(seeds)):
        at = {"N": n, "learning_rate": rate, "temperature": t, "seed": seed}
        scores = {metric: value(metric, n, rate, t) for metric in METRICS}
        size = round(rate * n / (2 * t))
        rows.append({**at, "batch_size": size, **scores, "diverged_at": -1, "dead_at": -1})
    return repeats.of_sweep(pd.DataFrame(rows))


def by_temperature(**values):
    """The same scores but where told: `ensemble_cross_entropy=[...]` along T."""
    return sweep(lambda metric, n, rate, t: values.get(metric, [0.5] * 4)[T.index(t)])


ENTROPY = "ensemble_cross_entropy"


def test_the_optimum_is_the_least_cross_entropy_and_the_largest_accuracy():
    table = by_temperature(
        ensemble_cross_entropy=[3, 2, 1, 4], ensemble_accuracy=[0.1, 0.3, 0.2, 0]
    )
    assert statistics.optimum({"a": table}, ENTROPY, table="a") == [2.0]
    assert statistics.optimum({"a": table}, "ensemble_accuracy", table="a") == [1.0]
    few = {"a": table.loc[:, table.columns.get_level_values("temperature") < 2]}
    with pytest.raises(statistics.LackingError, match="fewer than 3 points"):
        statistics.optimum(few, ENTROPY, table="a")


def test_the_optimum_is_found_for_each_resampling():
    two = pd.concat(
        [by_temperature(ensemble_cross_entropy=e) for e in ([3, 2, 1, 4], [1, 2, 3, 4])]
    )
    assert statistics.optimum({"a": two}, ENTROPY, table="a").tolist() == [2.0, 0.5]


def test_the_ensembles_gain_is_its_accuracy_less_a_single_samples():
    table = by_temperature(ensemble_accuracy=[0.1, 0.75, 0, 0], single_accuracy=[0.3, 0.5, 0, 0])
    assert statistics.ensemble_gain({"a": table}, 1.0, table="a") == pytest.approx([0.25])


def test_the_drift_is_of_a_single_samples_cross_entropy_and_one_where_chains_diverge():
    early = by_temperature(single_cross_entropy=[1, 2, 1, 1])
    late = by_temperature(single_cross_entropy=[5, 3, np.inf, 5])
    means = {"a": early, "b": late}
    found = lambda t: statistics.drift(means, {"table": "a"}, {"table": "b"}, t)  # noqa: E731
    assert found(1.0) == pytest.approx([1 / 3])
    assert found(2.0) == [1.0]
    both = {"a": late, "b": late}
    assert statistics.drift(both, {"table": "a"}, {"table": "b"}, 2.0) == [1.0]
    assert statistics.drift(both, {"table": "a"}, {"table": "b"}, 1.0) == [0.0]
    turned = {"a": late, "b": early}
    assert statistics.drift(turned, {"table": "a"}, {"table": "b"}, 2.0) == [1.0]


def test_the_log_ratio_is_of_the_first_to_the_second_at_one_temperature():
    means = {
        "a": by_temperature(ensemble_cross_entropy=[3, 2, np.inf, 4]),
        "b": by_temperature(ensemble_cross_entropy=[3, 1, 1, 5]),
    }
    found = lambda t: statistics.log_ratio(means, {"table": "a"}, {"table": "b"}, ENTROPY, t)  # noqa: E731
    assert found(1.0) == pytest.approx([np.log(2)])
    assert found(4.0) == pytest.approx([np.log(0.8)])
    assert found(2.0) == [np.inf]


def test_the_largest_difference_is_of_the_worst_temperature_in_the_range():
    first = by_temperature(ensemble_cross_entropy=[1, 2, 3, 50])
    second = by_temperature(ensemble_cross_entropy=[1.5, 2, 4, 1])
    means = {"a": first, "b": second}
    found = statistics.largest_difference(means, ["a", "b"], ENTROPY, 0.5, 2.0)
    assert found == pytest.approx([np.log(1.5)])
    found = statistics.largest_difference(means, ["a", "b"], ENTROPY, 1.0, 2.0)
    assert found == pytest.approx([np.log(4 / 3)])
    with pytest.raises(statistics.LackingError, match="no temperature that the curves share"):
        statistics.largest_difference(means, ["a", "b"], ENTROPY, 5.0, 6.0)


def test_accuracies_differ_as_their_error_rates_do():
    first = by_temperature(ensemble_accuracy=[0.5, 0.9, 0.9, 0.9])
    second = by_temperature(ensemble_accuracy=[0.5, 0.8, 0.88, 0.9])
    means = {"a": first, "b": second}
    found = statistics.largest_difference(means, ["a", "b"], "ensemble_accuracy", 0.5, 4.0)
    assert found == pytest.approx([np.log(2)])


def test_the_gain_of_noise_is_the_fall_from_the_lowest_temperature():
    table = by_temperature(ensemble_cross_entropy=[1.5, 1.2, 0.1, 2.0])
    assert statistics.gain_of_noise({"a": table}, 1.0, table="a") == pytest.approx([0.3])
    assert statistics.gain_of_noise({"a": table}, 4.0, table="a") == pytest.approx([-0.5])


def test_the_spreads_exponent_is_its_slope_on_logarithms():
    sizes = np.array([100.0, 400.0, 1600.0])
    spread = pd.DataFrame([3 / sizes**0.5, 2 / sizes], columns=sizes)
    found = statistics.spread_exponent({"isotropy": spread})
    assert found == pytest.approx([-0.5, -1.0])
    with pytest.raises(statistics.LackingError, match="one N"):
        statistics.spread_exponent({"isotropy": spread.iloc[:, :1]})


def prior(rows):
    """Fig. 4a's means: {(δ, |ω|): value}."""
    columns = pd.MultiIndex.from_tuples(rows, names=["damping", "norm"])
    return {"fig4a": pd.DataFrame([list(rows.values())], columns=columns)}


def test_the_prior_is_steepest_where_it_rises_most_from_a_norm_to_the_next():
    means = prior({(0.1, 8): -4.0, (0.1, 0): 0.0, (0.1, 16): -3.0, (0.2, 0): 0.0, (0.2, 8): 9.0})
    assert statistics.steepest_prior(means, 0.1) == [1.0]
    with pytest.raises(statistics.LackingError, match=r"no damping = 0\.3"):
        statistics.steepest_prior(means, 0.3)


def test_the_prior_is_softened_by_the_least_gain_from_a_damping_to_the_next():
    rows = {(0.1, 8): -9.0, (1e-4, 8): -20.0, (1e-2, 8): -12.0}
    rows |= {(damping, 4): 100 * damping for damping in (0.1, 1e-4, 1e-2)}
    assert statistics.softening(prior(rows)) == [3.0]


def test_the_least_rise_is_of_any_batch_size_to_the_next_smaller_one():
    table = by_temperature(single_cross_entropy=[1.0, 1.5, 1.75, 3.0])
    assert statistics.least_rise({"a": table}, "single_cross_entropy", table="a") == [0.25]
    lost = by_temperature(single_cross_entropy=[1.0, 1.5, np.inf, np.inf])
    assert statistics.least_rise({"a": lost}, "single_cross_entropy", table="a") == [0.5]


def test_a_fall_and_rise_compares_two_with_a_half():
    table = by_temperature(ensemble_cross_entropy=[2.0, 1.0, 3.0, 9.0])
    assert statistics.fall_and_rise({"a": table}, table="a") == pytest.approx([np.log(1.5)])


def test_flattening_is_the_least_loss_of_depth_from_an_n_to_the_next():
    depth = {100: 0.5, 200: 0.3, 400: 0.25}
    table = sweep(lambda metric, n, rate, t: 1 + depth[n] * (t == 0.5), examples=list(depth))
    tables = [{"table": "a", "N": n} for n in depth]
    assert statistics.flattening({"a": table}, tables, 0.5) == pytest.approx([0.05])


def test_the_exponent_is_the_slope_of_the_best_batch_against_the_training_set():
    """Best at T = 1 whatever N: B = εN/2, the slope is 1. At T = N/100: B is the same, slope 0."""
    of = [{"table": "a", "N": n} for n in (100, 200, 400)]
    sizes = [100, 200, 400]
    fixed = sweep(lambda metric, n, rate, t: np.log(t) ** 2, sizes, rates=(0.32,))
    assert statistics.exponent({"a": fixed}, of) == pytest.approx([1.0])
    moving = sweep(lambda metric, n, rate, t: np.log(100 * t / n) ** 2, sizes, rates=(0.32,))
    assert statistics.exponent({"a": moving}, of) == pytest.approx([0.0], abs=1e-9)


def test_the_least_bend_is_of_the_curve_that_lies_nearest_to_its_chord():
    """1 at T = 1, 1 and 4 at the ends: the chord from 0.5 to 4 has 1 + 3/7 at T = 1."""
    table = sweep(lambda metric, n, rate, t: 4.0 if t == 4 else 1.0, rates=(0.1, 0.2))
    found = statistics.least_bend({"a": table}, "a", 0.5, 4.0)
    assert found == pytest.approx([np.log(10 / 7)])


def test_the_least_fall_with_examples_is_of_any_n_to_the_next():
    cost = {100: 0.5, 200: 0.3, 400: 0.25}
    table = sweep(lambda metric, n, rate, t: cost[n] + t, examples=list(cost))
    assert statistics.least_fall_with_examples({"a": table}, "a", 1.0) == pytest.approx([0.05])
    with pytest.raises(statistics.LackingError, match="a has one N"):
        statistics.least_fall_with_examples({"a": by_temperature()}, "a", 1.0)


def test_the_shift_is_the_slope_of_the_best_temperature_against_the_training_set():
    """Best at T = 1 for N = 100 and at T = 2 for N = 400: ln 2 / ln 4."""
    table = sweep(lambda metric, n, rate, t: np.log(t * 10 / np.sqrt(n)) ** 2, examples=(100, 400))
    assert statistics.shift({"a": table}, "a") == pytest.approx([0.5])


def test_the_worst_ratio_is_the_furthest_from_one_either_way():
    columns = pd.MultiIndex.from_tuples([("x", "y", 1), ("x", "y", 2)])
    means = {"fig1": pd.DataFrame([[1.5, 0.5], [3.0, 0.5]], columns=columns)}
    assert statistics.worst_ratio(means, "x", "y").tolist() == [0.5, 3.0]


def test_a_temperature_is_the_same_within_a_millionth_part():
    curve = pd.DataFrame([[1.0, 2.0]], columns=[1.0, 2.0])
    assert statistics.at(curve, 2.0 * (1 + 5e-7)) == [2.0]
    with pytest.raises(statistics.LackingError, match="no point at T = 2"):
        statistics.at(curve, 2.0 * (1 + 5e-6))


def test_the_power_of_the_metric_is_the_limits_mean_over_temperatures_and_dampings():
    rows = [
        {"problem": "p", "sampler": s, "damping": d, "temperature": t, "learning_rate": rate,
         "exponent": 10 * rate + (s == "eq8") + d + t}
        for s, d, t, rate in itertools.product(("eq8", "flat"), (0.1, 0.3), (1.0, 2.0), (0.0, 0.5))
    ]  # fmt: skip
    table = repeats.read("figS1", pd.DataFrame(rows))
    assert len(table) == 4
    means = {"figS1": table.mean().to_frame().T}
    found = statistics.metric_power(means, problem="p", sampler="eq8")
    assert found == pytest.approx([1 + 0.2 + 1.5])
    with pytest.raises(statistics.LackingError, match="no p other in figS1"):
        statistics.metric_power(means, problem="p", sampler="other")


def test_the_parameterisations_slope_is_the_limits_mean_over_repeats():
    rows = [
        {"problem": p, "sampler": "eq8", "learning_rate": rate, "repeat": repeat,
         "slope": repeat + 7 * rate + 2 * (p == "die")}
        for p, rate, repeat in itertools.product(("coin", "die"), (0.0, 0.1), (0, 1, 2))
    ]  # fmt: skip
    table = repeats.read("figS1d", pd.DataFrame(rows))
    assert len(table) == 3
    means = {"figS1d": table.mean().to_frame().T}
    found = statistics.parameterisation_slope(means, problem="die", sampler="eq8")
    assert found == pytest.approx([3.0])
    with pytest.raises(statistics.LackingError, match="no die eq11 in figS1d"):
        statistics.parameterisation_slope(means, problem="die", sampler="eq11")


def test_the_heat_of_an_estimate_is_the_mean_ratio_over_training_sets():
    """An infinite one, of a chain that diverged, is counted."""
    rows = [
        {"labels": m, "smoothing": a, "seed": seed, "temperature": 9.0,
         "ratio": np.inf if (m, a, seed) == (64, 0.0, 1) else 1 + m / 100 + a + seed}
        for m, a, seed in itertools.product((64, 128), (0.0, 0.9), (0, 1))
    ]  # fmt: skip
    table = repeats.read("figS2b", pd.DataFrame(rows))
    assert len(table) == 2
    means = {"figS2b": table.mean().to_frame().T}
    assert statistics.heat_of_estimate(means, labels=128, smoothing=0.9) == pytest.approx([3.68])
    assert statistics.heat_of_estimate(means, labels=64, smoothing=0.0) == [np.inf]
    with pytest.raises(statistics.LackingError, match="no 32 0 in figS2b"):
        statistics.heat_of_estimate(means, labels=32, smoothing=0)


def test_a_distance_from_nuts_is_that_samplers_at_that_n():
    rows = [
        {"inputs": n, "repeat": repeat, "seed": 7 * repeat + n, "sampler": name, "distance": apart}
        for n, repeat, name, apart in [
            (2, 0, "sgld", 0.1),
            (2, 1, "sgld", 0.3),
            (2, 0, "nuts", 0.01),
            (2, 1, "nuts", 0.02),
            (64, 0, "sgld", 0.5),
            (64, 1, "sgld", np.inf),
        ]
    ]
    wide = repeats.read("figS4", pd.DataFrame(rows))
    means = {"figS4": wide.mean().to_frame().T}
    assert statistics.distance_from_nuts(means, 2, "sgld") == pytest.approx([0.2])
    assert statistics.distance_from_nuts(means, 64, "sgld") == [np.inf]
    with pytest.raises(statistics.LackingError, match="no 64 nuts in figS4"):
        statistics.distance_from_nuts(means, 64, "nuts")


def test_a_distance_from_hmc_is_that_samplers():
    # On the last training set HMC's chains did not mix.
    apart = {
        "hmc": [0.01, 0.02, np.nan],
        "stochastic_ngd, kfac": [0.25, 0.75, np.nan],
        "sgd": [0.1, np.inf, np.nan],
    }
    rows = [
        {"repeat": repeat, "sampler": name, "distance": distance, "cross_entropy": 2.0}
        for name, distances in apart.items()
        for repeat, distance in enumerate(distances)
    ]
    wide = repeats.read("figS4c", pd.DataFrame(rows))
    means = {"figS4b": 2 * wide.mean().to_frame().T, "figS4c": wide.mean().to_frame().T}

    def of(sampler):
        return statistics.distance_from_hmc(means, "figS4c", sampler)

    assert of("stochastic_ngd, kfac") == pytest.approx([0.5])
    assert of("sgd") == [np.inf]
    with pytest.raises(statistics.LackingError, match="no mandt in figS4c"):
        of("mandt")


def test_the_temperature_ratio_is_of_a_point_that_every_seed_has():
    rows = [
        {"model": "m", "N": 10, "learning_rate": rate, "seed": seed, "predicted": 0.5,
         "measured": np.nan if (rate, seed) == (0.4, 1) else rate + seed}
        for rate, seed in itertools.product((0.1, 0.4), (0, 1))
    ]  # fmt: skip
    table = repeats.read("figS2", pd.DataFrame(rows))
    assert len(table) == 2
    means = {"figS2": table.mean().to_frame().T}
    at = {"model": "m", "examples": 10}
    found = statistics.temperature_ratio(means, **at, learning_rate=0.1)
    assert found == pytest.approx([(0.1 + 1.1) / 2 / 0.5])
    with pytest.raises(statistics.LackingError):
        statistics.temperature_ratio(means, **at, learning_rate=0.4)
