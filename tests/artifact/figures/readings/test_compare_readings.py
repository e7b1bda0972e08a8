"""Readings beside the one that was chosen, from made-up runs."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from artifact.figures.readings import compare_readings as readings


def runs(shift=0.0, noise=0.0, diverged_at_one=False):
    """Four seeds at three temperatures, best at T = 1 by 0.1."""
    rng = np.random.default_rng(0)
    rows = [
        {
            "temperature": t,
            "batch_size": round(64 / t),
            "seed": seed,
            "ensemble_cross_entropy": 1
            + 0.1 * (t != 1)
            + 0.2 * seed
            + shift
            + noise * rng.normal(),
            "ensemble_accuracy": 0.9 - shift,
            "dead_at": -1,
            "diverged_at": 3 if diverged_at_one and t == 1 and seed == 2 else -1,
        }
        for t in (0.5, 1.0, 2.0)
        for seed in range(4)
    ]
    return pd.DataFrame(rows)


def test_readings_differ_by_their_paired_interval():
    noisy = runs(shift=0.05, noise=0.01)
    table = readings.compare(
        {"base": runs(), "worse": noisy, "better": runs(shift=-0.05), "same": runs(noise=0.5)}
    ).set_index("reading")
    assert table["outcome"].to_dict() == {
        "base": "ours", "worse": "worse", "better": "better", "same": "not told apart",
    }  # fmt: skip
    apart = (
        noisy[noisy["temperature"] == 1].set_index("seed")["ensemble_cross_entropy"]
        - runs()[runs()["temperature"] == 1].set_index("seed")["ensemble_cross_entropy"]
    )
    interval = stats.ttest_1samp(apart, 0).confidence_interval(0.95)
    assert table.loc["worse", ["low", "high"]].tolist() == pytest.approx(list(interval))
    assert table.loc["worse", "batch_size"] == 64
    # The sets differ by far more than the readings do: unpaired, none could be told apart.
    assert table.loc["base", "standard_error"] > 0.1


def test_a_temperature_at_which_a_chain_diverged_is_no_optimum():
    table = readings.compare({"base": runs(), "wild": runs(diverged_at_one=True)})
    wild = table.set_index("reading").loc["wild"]
    assert (wild["diverged"], wild["chains"]) == (1, 12)
    assert wild["temperature"] == 0.5
    for lost in (runs().assign(diverged_at=5), runs().assign(dead_at=5)):
        outcome = readings.compare({"base": runs(), "lost": lost}).set_index("reading")["outcome"]
        assert outcome["lost"] == "none"


def test_one_training_set_cannot_tell_two_readings_apart():
    one = [runs(shift).query("seed == 0") for shift in (0.0, 0.05)]
    table = readings.compare({"base": one[0], "other": one[1]}).set_index("reading")
    assert table.loc["other", "difference"] == pytest.approx(0.05)
    assert table.loc["other", "outcome"] == "inconclusive"


def test_a_reading_of_the_cnn_stands_beside_the_cnn():
    table = readings.compare(
        {"base": runs(), "cnn_base": runs(shift=1.0), "cnn_other": runs(shift=1.05)}
    ).set_index("reading")
    assert table.loc["cnn_other", "difference"] == pytest.approx(0.05)
    assert table.loc["cnn_base", "outcome"] == "ours"
