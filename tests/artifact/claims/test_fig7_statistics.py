"""Fig. 7's statistics on curves whose bend, spread and shift are known."""

import numpy as np
import pandas as pd
import pytest

from artifact.claims import repeats, statistics, verdicts

TEMPERATURES = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]


def runs(curve, sizes=(1024, 4096), rates=(0.05,), noise=0.01, count=5, seed=0):
    """Runs of `curve(T, N, ε)` with each repeat's own relative noise."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "N": n,
            "learning_rate": rate,
            "temperature": t,
            "batch_size": 1,
            "seed": repeat,
            "ensemble_cross_entropy": curve(t, n, rate) * np.exp(noise * rng.normal()),
            "ensemble_accuracy": 0.9,
            "single_cross_entropy": 1.0,
            "single_accuracy": 0.9,
            "diverged_at": -1,
            "dead_at": -1,
        }
        for n in sizes
        for rate in rates
        for t in TEMPERATURES
        for repeat in range(count)
    ]
    return pd.DataFrame(rows)


def judged(table, statistic, between, **of):
    claim = {
        "claim": "X", "where": "", "says": "", "statistic": statistic, "tables": ["t"],
        "of": {"table": "t", **of}, "between": between,
    }  # fmt: skip
    return verdicts.judge(claim, {"t": repeats.of_sweep(table)}, 1)


BEND = {"statistic": "least_bend", "between": [0.05, None], "below": 0.2, "above": 5.0}


@pytest.mark.parametrize("slope", [0.001, 0.02, 0.5, 20.0])
def test_a_curve_that_rises_evenly_in_t_never_passes_for_an_elbow(slope):
    even = runs(lambda t, n, rate: 0.1 + slope * t)
    assert judged(even, **BEND)["verdict"] == "not reproduced"


def test_an_elbow_at_one_passes_and_one_curve_without_it_fails_all():
    def elbow(t, n, rate):
        return 0.1 + 0.05 * max(0.0, t - 1.0)

    assert judged(runs(elbow), **BEND)["verdict"] == "reproduced"
    mixed = runs(lambda t, n, rate: elbow(t, n, rate) if n > 1024 else 0.1 + 0.02 * t)
    assert judged(mixed, **BEND)["verdict"] == "not reproduced"


def test_a_curve_that_falls_up_to_one_and_stays_flat_has_no_elbow():
    flat = runs(lambda t, n, rate: 0.1 + 0.2 * max(0.0, 1.0 - t))
    assert judged(flat, **BEND)["verdict"] == "not reproduced"


def test_the_bend_is_the_logarithm_of_chord_over_mean():
    table = runs(lambda t, n, rate: 1.0 + (t > 1.0), noise=0.0)
    means = {"t": repeats.of_sweep(table).mean().to_frame().T}
    found = statistics.least_bend(means, "t", 0.2, 5.0)
    assert found == pytest.approx([np.log(1 + 0.8 / 4.8)])


def test_a_dead_network_at_one_leaves_no_elbow():
    table = runs(lambda t, n, rate: 0.1 + 0.05 * max(0.0, t - 1.0))
    table.loc[(table["temperature"] == 1.0) & (table["seed"] == 0), "dead_at"] = 3
    row = judged(table, **BEND)
    assert row["estimate"] == -np.inf
    assert row["verdict"] != "reproduced"


def test_only_the_asked_learning_rates_need_to_coincide():
    table = runs(lambda t, n, rate: 0.1 * (1.5 if rate == 0.4 else 1.0), rates=(0.05, 0.1, 0.4))
    of = {"tables": ["t"], "metric": "ensemble_cross_entropy", "low": 0.1, "high": 1.0}
    claim = {
        "claim": "X", "where": "", "says": "", "statistic": "largest_difference", "tables": ["t"],
        "of": {**of, "learning_rates": [0.05, 0.1]}, "between": [None, 0.1],
    }  # fmt: skip
    tables = {"t": repeats.of_sweep(table[table["N"] == 1024])}
    assert verdicts.judge(claim, tables, 1)["verdict"] == "reproduced"
    claim["of"] = of
    assert verdicts.judge(claim, tables, 1)["verdict"] == "not reproduced"
    claim["of"] = {**of, "learning_rates": [0.05, 0.2]}
    row = verdicts.judge(claim, tables, 1)
    assert row["verdict"] == "inconclusive"
    assert "no learning rate 0.2" in row["note"]


def parabola(best):
    return lambda t, n, rate: 0.1 + 0.05 * np.log(t / best(n)) ** 2


def test_a_shift_of_the_minimum_is_told_inside_the_grid_alone():
    moving = judged(runs(parabola(lambda n: 0.5 if n == 1024 else 2.0)), "shift", [0.01, None])
    assert moving["verdict"] == "reproduced"
    assert moving["estimate"] == pytest.approx(1.0)
    edge = judged(runs(parabola(lambda n: 0.1 if n == 1024 else 2.0)), "shift", [0.01, None])
    assert edge["verdict"] == "inconclusive"
    assert edge["note"].startswith("not told")
    still = judged(runs(parabola(lambda n: 1.0)), "shift", [0.01, None])
    assert still["verdict"] == "not reproduced"
