"""Verdicts on made-up repeats whose truth is known."""

from inspect import signature
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from artifact.claims import repeats, statistics, verdicts

CLAIMS = yaml.safe_load((Path(__file__).parents[3] / "workflow/claims.yaml").read_text())
OPTIMUM = {
    "claim": "an optimum",
    "where": "here",
    "says": "least at T = 1",
    "statistic": "optimum",
    "tables": ["fig3"],
    "of": {"table": "fig3", "metric": "ensemble_cross_entropy"},
    "between": [0.7, 1.4],
}
TEMPERATURES = np.array([0.25, 0.5, 1.0, 2.0, 4.0])


def runs(count, noise, best=1.0, examples=100, rate=0.1, seed=0):
    """A parabola in ln T with its minimum at `best`, and noise of the repeats' own."""
    rng = np.random.default_rng(seed)
    rows = []
    for repeat in range(count):
        for t in TEMPERATURES:
            value = 1 + np.log(t / best) ** 2 + noise * rng.normal()
            rows.append(
                {
                    "N": examples,
                    "learning_rate": rate,
                    "temperature": t,
                    "batch_size": round(rate * examples / (2 * t)),
                    "seed": repeat,
                    "ensemble_cross_entropy": value,
                    "ensemble_accuracy": 0.9,
                    "single_cross_entropy": value + 0.5,
                    "single_accuracy": 0.8,
                    "diverged_at": -1,
                }
            )
    return pd.DataFrame(rows)


def verdict(table, claim=OPTIMUM):
    return verdicts.judge(claim, {"fig3": repeats.of_sweep(table)}, root=1)


def test_points_of_fewer_repeats_are_left_out_and_the_others_keep_theirs():
    table = runs(10, 0.1)
    chosen = sorted(table["temperature"].unique())[::2]
    fewer = ~table["temperature"].isin(chosen) & (table["seed"] >= 2)
    kept = repeats.of_sweep(table[~fewer])
    assert len(kept) == 10
    assert sorted(set(kept.columns.get_level_values("temperature"))) == chosen
    pd.testing.assert_frame_equal(kept, repeats.of_sweep(table)[kept.columns])


def test_a_clear_optimum_is_reproduced():
    row = verdict(runs(10, 0.05))
    assert row["verdict"] == "reproduced"
    assert row["low"] == row["estimate"] == row["high"] == 1.0
    assert row["repeats"] == 10


def test_a_clear_optimum_elsewhere_is_not():
    assert verdict(runs(10, 0.05, best=4.0))["verdict"] == "not reproduced"


def test_noise_leaves_it_open_and_says_how_many_repeats_would_do():
    few = runs(10, 2.0)
    row = verdict(few)
    assert row["verdict"] == "inconclusive"
    assert row["low"] < row["high"]
    assert row["repeats_wanted"] >= 20
    copies = range(int(row["repeats_wanted"]) // 10)
    many = pd.concat([few.assign(seed=few["seed"] + 10 * copy) for copy in copies])
    assert verdict(many)["verdict"] != "inconclusive"
    half = pd.concat([few.assign(seed=few["seed"] + 10 * copy) for copy in copies[::4]])
    assert verdict(half)["verdict"] == "inconclusive"


def test_four_repeats_decide_nothing():
    row = verdict(runs(4, 0.001))
    assert row["verdict"] == "inconclusive"
    assert row["repeats_wanted"] == 5


def test_a_point_or_table_that_was_not_run_is_named():
    table = runs(10, 0.05)
    claim = {**OPTIMUM, "statistic": "fall_and_rise", "of": {"table": "fig3"}}
    row = verdict(table[table["temperature"] != 2.0], claim)
    assert row["verdict"] == "inconclusive"
    assert row["note"] == "not run: no point at T = 2"
    row = verdicts.judge(OPTIMUM, {}, root=1)
    assert row["note"] == "not run: no table fig3"


def test_a_diverged_chain_is_no_optimum():
    table = runs(10, 0.05)
    at_one = table["temperature"] == 1.0
    table.loc[at_one & (table["seed"] == 3), "diverged_at"] = 7
    assert verdict(table)["estimate"] != 1.0


def test_the_interval_covers_the_truth_as_often_as_it_says():
    claim = {**OPTIMUM, "statistic": "ensemble_gain", "of": {"table": "fig3", "temperature": 1.0}}
    covered = 0
    for seed in range(100):
        table = runs(30, 0.0)
        noise = np.random.default_rng(seed).normal(size=len(table))
        table["ensemble_accuracy"] += 0.01 * noise
        row = verdict(table, claim)
        covered += row["low"] <= 0.1 <= row["high"]
    # 95% of 100, less what a percentile interval of 30 loses, give or take three errors.
    assert 85 <= covered <= 99


def test_a_verdict_does_not_depend_on_other_claims_or_their_order():
    table = {"fig3": repeats.of_sweep(runs(10, 0.5))}
    other = {**OPTIMUM, "claim": "another"}
    both = verdicts.judge_all([other, OPTIMUM], table, root=1).set_index("claim")
    alone = verdicts.judge_all([OPTIMUM], table, root=1).set_index("claim")
    pd.testing.assert_frame_equal(both.loc[["an optimum"]], alone)


def test_changes_name_each_verdict_that_differs():
    before = pd.DataFrame({"claim": ["a", "b"], "verdict": ["reproduced", "inconclusive"]})
    now = pd.DataFrame({"claim": ["a", "c"], "verdict": ["not reproduced", "reproduced"]})
    assert verdicts.changes(now, before) == [
        "a: reproduced -> not reproduced",
        "b: inconclusive -> no claim",
        "c: no claim -> reproduced",
    ]
    assert verdicts.changes(now, now) == []


def test_the_covariances_are_compared_along_axes():
    """A made-up covariance, 2 and 3 times Laplace's along its long and short axis."""
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    laplace = turn @ np.diag([5.0, 1.0]) @ turn.T
    sampled = turn @ np.diag([10.0, 3.0]) @ turn.T
    rows = [
        {"sampler": "ngd", "kind": kind, "seed": 0, "c11": c[0, 0], "c12": c[0, 1], "c22": c[1, 1]}
        for kind, c in (("iterates", sampled), ("laplace", laplace))
    ]
    table = repeats.of_ellipses(pd.DataFrame(rows))
    np.testing.assert_allclose(table["ngd"]["laplace"][[1, 2]].to_numpy()[0], [2.0, 3.0])
    found = statistics.worst_ratio({"fig1": table}, "ngd", "laplace")
    np.testing.assert_allclose(found, [3.0])


def test_slopes_over_training_set_sizes():
    """Optima at T = 1, 2 for N = 100, 400: B is 5 and 10, so the slope is ln 2 / ln 4."""
    table = pd.concat([runs(3, 0.0), runs(3, 0.0, best=2.0, examples=400)])
    means = {"fig7b": repeats.of_sweep(table)}
    sizes = [{"table": "fig7b", "N": 100}, {"table": "fig7b", "N": 400}]
    np.testing.assert_allclose(statistics.exponent(means, sizes), 0.5)
    np.testing.assert_allclose(statistics.shift(means, "fig7b"), 0.5)


def test_the_elbow_is_the_least_of_all_curves():
    table = pd.concat([runs(3, 0.0), runs(3, 0.0, best=4.0, rate=0.2)])
    found = statistics.least_elbow({"fig7a": repeats.of_sweep(table)}, "fig7a", 0.25, 4.0)
    # The curve of ε = 0.2, which falls all the way, bends least.
    low, middle, high = (np.log(1 + np.log(t / 4) ** 2) for t in (0.25, 1.0, 4.0))
    np.testing.assert_allclose(found, (high - 2 * middle + low) / np.log(4))


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim["claim"] for claim in CLAIMS])
def test_the_claims_file_is_sound(claim):
    optional = {"of", "note"}
    required = {"claim", "where", "says", "statistic", "tables", "between"}
    assert required <= set(claim) <= required | optional
    statistic = getattr(statistics, claim["statistic"])
    signature(statistic).bind({}, **claim.get("of", {}))
    bottom, top = claim["between"]
    assert bottom is not None or top is not None
    assert sum(other["claim"] == claim["claim"] for other in CLAIMS) == 1
