"""Verdicts on made-up repeats whose truth is known."""

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.artifact import small

from artifact import catalogue
from artifact.claims import claimfile, repeats, statistics, verdicts

CLAIMS = claimfile.read(small.ROOT / "workflow/claims.yaml")
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
                    "dead_at": -1,
                }
            )
    return pd.DataFrame(rows)


def verdict(table, claim=OPTIMUM):
    return verdicts.judge(claim, {"fig3": repeats.of_sweep(table)}, root=1)


@pytest.mark.filterwarnings("error")
def test_a_table_of_which_no_repeat_counts_tells_nothing():
    rows = [
        {"repeat": repeat, "sampler": name, "distance": np.nan}
        for repeat in range(6)
        for name in ("hmc", "sgld")
    ]
    (claim,) = [claim for claim in CLAIMS if claim["claim"] == "S4c-sgld"]
    table = repeats.read("figS4c", pd.DataFrame(rows))
    row = verdicts.judge(claim, {"figS4c": table}, root=1)
    assert (row["repeats"], row["verdict"]) == (0, "inconclusive")
    assert row["note"] == "not told: no repeat of figS4c counts"


@pytest.mark.parametrize(("separable", "best"), [(None, 0.5), (False, 1.0), (True, 0.5)])
def test_a_claim_on_separable_sets_is_judged_by_these_alone(separable, best):
    hot, cold = runs(6, 0.01), runs(12, 0.01, best=0.5, seed=1)
    cold["seed"] += 6
    tables = {
        "fig3": repeats.of_sweep(pd.concat([hot, cold])),
        # Of another claim, and not a row a seed.
        "figS1": pd.DataFrame([1.0], pd.MultiIndex.from_tuples([(0.1, 1.0)])),
        "separable": repeats.read(
            "separable",
            pd.DataFrame({"N": 100, "seed": range(18), "separable": [False] * 6 + [True] * 12}),
        ),
    }
    claim = OPTIMUM if separable is None else {**OPTIMUM, "separable": separable}
    claim = {**claim, "tables": ["fig3", "separable"]}
    row = verdicts.judge(claim, tables, root=1)
    assert row["estimate"] == best
    assert row["repeats"] == {None: 18, False: 6, True: 12}[separable]


@pytest.mark.parametrize("paired", [False, True])
def test_repeats_that_share_all_but_the_chains_noise_are_drawn_together_where_a_claim_says_so(
    paired,
):
    """A level of each repeat's own, which two tables share, is no part of their difference."""
    level = np.exp(np.random.default_rng(3).normal(size=12))
    tables = {}
    for name, factor, count in (("one", 1.02, 12), ("other", 1.0, 10)):
        table = runs(count, 0.0)
        table["ensemble_cross_entropy"] = factor * level[table["seed"]]
        tables[name] = repeats.of_sweep(table)
    claim = {
        **OPTIMUM,
        "statistic": "log_ratio",
        "tables": ["one", "other"],
        "of": {
            "first": {"table": "one"},
            "second": {"table": "other"},
            "metric": "ensemble_cross_entropy",
            "temperature": 1.0,
        },
        "between": [-0.1, 0.1],
        "paired": paired,
    }
    row = verdicts.judge(claim, tables, root=1)
    if paired:
        assert row["verdict"] == "reproduced"
        assert [row["low"], row["estimate"], row["high"]] == pytest.approx([np.log(1.02)] * 3)
    else:
        assert row["verdict"] == "inconclusive"
        assert row["high"] - row["low"] > 0.5
    assert row["repeats"] == 10


def test_how_many_paired_repeats_would_decide_is_told_of_pairs():
    """Levels of thousands, which pairs share, and differences of a tenth."""
    rng = np.random.default_rng(5)
    level = 1000 * rng.normal(size=6)
    alone = [level + 0.12 * rng.normal(size=6), level]

    def resampled(*indices):
        return np.subtract(*(v[i].mean(axis=1) for v, i in zip(alone, indices, strict=True)))

    seed = np.random.default_rng(0)
    centre = (alone[0] - alone[1]).mean()
    of = [resampled, [6, 6], centre - 0.05, centre + 0.05, seed]
    assert 6 < verdicts.repeats_wanted(*of, paired=True) <= 96
    assert np.isnan(verdicts.repeats_wanted(*of))


def test_training_sets_of_two_sizes_are_not_taken_for_one():
    table = pd.DataFrame({"N": [100, 200], "seed": [0, 0], "separable": [True, False]})
    with pytest.raises(ValueError, match=r"must be of one N, got \[100, 200\]"):
        repeats.read("separable", table)


def test_a_claim_whose_sets_were_not_parted_is_not_run():
    claim = {**OPTIMUM, "tables": ["fig3", "separable"], "separable": False}
    assert verdict(runs(10, 0.05), claim)["note"] == "not run: no table separable"


def test_points_of_fewer_repeats_are_left_out_and_the_others_keep_theirs():
    table = runs(10, 0.1)
    chosen = sorted(table["temperature"].unique())[::2]
    fewer = ~table["temperature"].isin(chosen) & (table["seed"] >= 2)
    kept = repeats.of_sweep(table[~fewer]).dropna(axis=1)
    assert len(kept) == 10
    assert sorted(set(kept.columns.get_level_values("temperature"))) == chosen
    pd.testing.assert_frame_equal(kept, repeats.of_sweep(table)[kept.columns])


def test_a_point_without_which_nothing_can_be_said_is_used_with_the_repeats_that_it_has():
    """By the repeats that all points have: no verdict, but a number of how many."""
    table = runs(10, 0.05)
    few = table[(table["seed"] < 2) | (table["temperature"] < 0.3)]
    row = verdict(few)
    assert (row["verdict"], row["repeats"], row["repeats_wanted"]) == ("inconclusive", 2, 5)
    assert row["estimate"] == pytest.approx(verdict(table[table["seed"] < 2])["estimate"])


def test_as_many_repeats_are_used_as_something_can_be_said_with():
    """T = 4 was run in one repeat alone, which lacks most others: it is left out at any number."""
    table = runs(10, 0.05)
    seed, temperature = table["seed"], table["temperature"]
    ran = (seed < 4) | (temperature < 0.3)
    ran &= (temperature < 4.0) | (seed == 9)
    row = verdict(table[ran])
    assert row["repeats"] == 4
    same = verdict(table[(seed < 4) & (temperature < 4.0)])
    assert row["estimate"] == pytest.approx(same["estimate"])
    # The repeats that lack no point come first, wherever they stand.
    row = verdict(table[(seed >= 8) | (temperature < 0.3)])
    assert row["repeats"] == 2
    assert row["estimate"] == pytest.approx(verdict(table[seed >= 8])["estimate"])


def test_the_points_that_are_left_out_are_named():
    table = runs(10, 0.05)
    assert verdict(table)["note"] == ""
    few = ((table["temperature"] == 4) & (table["seed"] > 5)) | (
        (table["temperature"] == 2) & (table["seed"] > 3)
    )
    said = "fig3 without, for want of repeats, N = 100, ε = 0.1 at T = 2, 4"
    assert verdict(table[~few])["note"] == said
    # A claim about one N says nothing of another's.
    both = pd.concat([table, table[~few].assign(N=200)])
    of = {**OPTIMUM["of"], "N": 100}
    assert verdict(both, {**OPTIMUM, "of": of})["note"] == ""


def test_a_claim_of_parts_names_the_points_of_its_parts():
    table = runs(10, 0.05)
    few = (table["temperature"] == 2) & (table["seed"] > 3)
    three = pd.concat([table, table[~few].assign(N=200), table[~few].assign(N=400)])
    of = {"tables": [{"table": "fig3", "N": 100}, {"table": "fig3", "N": 200}]}
    said = verdict(three, {**OPTIMUM, "statistic": "exponent", "of": of})["note"]
    assert said == "fig3 without, for want of repeats, N = 200, ε = 0.1 at T = 2"


def test_a_claim_of_some_learning_rates_names_no_point_of_another():
    table = runs(10, 0.05).assign(learning_rate=0.1)
    few = (table["temperature"] == 2) & (table["seed"] > 3)
    other = table[~few].assign(learning_rate=0.4)
    of = {"table": "fig3", "below": 0.5, "above": 4.0, "learning_rates": [0.1]}
    claim = {**OPTIMUM, "statistic": "least_bend", "of": of}
    assert verdict(pd.concat([table, other]), claim)["note"] == ""
    said = "fig3 without, for want of repeats, N = 100, ε = 0.1 at T = 2"
    both = pd.concat([table[~few], other])
    assert verdict(both, claim)["note"] == said


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


def test_a_note_of_one_scale_is_told_at_that_scale_alone():
    claims = [{**OPTIMUM, "note": "flat", "notes": {"paper": "of 160 sets"}}, OPTIMUM]
    at = {scale: claimfile.at_scale(claims, scale) for scale in ("paper", "quick")}
    assert [claim["note"] for claim in at["paper"]] == ["flat. of 160 sets", ""]
    assert [claim["note"] for claim in at["quick"]] == ["flat", ""]


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


@pytest.mark.parametrize("lost", ["diverged_at", "dead_at"])
def test_a_lost_chain_scores_worst_whatever_it_scored(lost):
    table = runs(3, 0.0)
    table.loc[0, [lost, "ensemble_cross_entropy", "ensemble_accuracy"]] = [0, 0.001, 1.0]
    row = repeats.of_sweep(table).iloc[0]
    assert row["ensemble_cross_entropy"].iloc[0] == np.inf
    assert row["ensemble_accuracy"].iloc[0] == 0
    assert np.isfinite(row["ensemble_cross_entropy"].iloc[1:]).all()


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.7, 1.4, "reproduced"),  # the criterion's bounds belong to it
        (0.8, 1.0, "reproduced"),
        (0.69, 1.4, "inconclusive"),
        (0.7, 1.41, "inconclusive"),
        (0.5, 0.7, "inconclusive"),
        (0.5, 0.69, "not reproduced"),
        (1.41, 2.0, "not reproduced"),
        (1.4, 2.0, "inconclusive"),
        (0.5, 2.0, "inconclusive"),
    ],
)
def test_an_interval_within_the_criterion_reproduces_and_one_outside_does_not(low, high, verdict):
    assert verdicts.of_interval(low, high, 0.7, 1.4) == verdict


def test_a_claim_with_one_bound_has_the_other_at_infinity():
    claim = {**OPTIMUM, "between": [0.7, None]}
    assert verdict(runs(10, 0.05, best=4.0), claim)["verdict"] == "reproduced"
    claim = {**OPTIMUM, "between": [None, 1.4]}
    row = verdict(runs(10, 0.05, best=4.0), claim)
    assert (row["verdict"], row["criterion"]) == ("not reproduced", "<= 1.4")


def test_every_claim_reads_tables_that_are_made_and_names_a_known_statistic():
    made = catalogue.tables(small.config("paper"))
    for claim in CLAIMS:
        assert claim["statistic"] in statistics.STATISTICS
        assert {repeats.file_of(name) for name in claim["tables"]} <= made


WRONG = {
    "a name that stands twice": lambda c: [c, c],
    "no bound": lambda c: [{**c, "between": [None, None]}],
    "bounds that do not rise": lambda c: [{**c, "between": [2.0, 1.0]}],
    "a bound that is no number": lambda c: [{**c, "between": ["a", 1.0]}],
    "an unknown statistic": lambda c: [{**c, "statistic": "__import__"}],
    "arguments that the statistic does not take": lambda c: [{**c, "of": {"colour": 1}}],
    "an unknown key": lambda c: [{**c, "sure": True}],
    "a name that is no word": lambda c: [{**c, "claim": "../x"}],
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_claim_that_cannot_be_judged_is_refused_in_one_line(tmp_path, wrong):
    path = tmp_path / "claims.yaml"
    good = next(claim for claim in CLAIMS if claim["statistic"] == "optimum")
    path.write_text(yaml.safe_dump([good]))
    assert claimfile.read(path) == [good]
    path.write_text(yaml.safe_dump(WRONG[wrong](good)))
    with pytest.raises(claimfile.ClaimError, match=r"^claims\.yaml: claim ") as caught:
        claimfile.read(path)
    assert "\n" not in str(caught.value)
