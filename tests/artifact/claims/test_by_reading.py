"""Verdicts under other readings of the text."""

import pandas as pd
from tests.artifact import small
from tests.artifact.claims.test_verdicts import OPTIMUM, runs

from artifact import catalogue
from artifact.claims import by_reading, claimfile, repeats

MAKERS = {"fig2": "langevin", "fig3": "ngd", "fig5": "mlp", "fig6": "mlp"}
OTHER = {**OPTIMUM, "claim": "of Fig. 2", "tables": ["fig2"]}


def wide(best):
    """Ten repeats whose optimum is at one temperature."""
    return repeats.of_sweep(runs(10, 0.0, best=best))


def judged(best):
    tables = {"fig2": wide(1.0), "fig3": wide(1.0)}
    read = {"exact_T": {"fig3": wide(best)}, "biases": {"fig5": wide(1.0)}}
    return by_reading.judge_all([OPTIMUM, OTHER], tables, read, MAKERS, root=1)


def test_a_claim_is_judged_by_each_reading_that_changes_a_table_of_it_ours_first():
    found = judged(2.0)
    assert found["claim"].unique().tolist() == [OPTIMUM["claim"]]
    assert found["reading"].tolist() == ["ours", "exact_T"]
    assert found["estimate"].tolist() == [1.0, 2.0]
    assert found["verdict"].tolist() == ["reproduced", "not reproduced"]
    assert by_reading.matrix(found).loc[OPTIMUM["claim"]].tolist() == found["verdict"].tolist()


def test_the_summary_names_the_claims_that_a_reading_turns():
    assert by_reading.summary(judged(2.0)).endswith(f"turned: {OPTIMUM['claim']} (exact_T).")
    assert by_reading.summary(judged(1.0)).endswith(
        "Of 1 verdicts that other readings might turn, these are turned: none."
    )
    open_ = judged(2.0).assign(verdict=["reproduced", "inconclusive"])
    assert by_reading.summary(open_).endswith("turned: none.")


def test_figures_of_one_experiment_are_not_compared_with_one_read_in_two_ways():
    assert not by_reading.applies(["fig5", "fig6"], {"fig5": 0}, MAKERS)
    assert by_reading.applies(["fig5", "fig6"], {"fig5": 0, "fig6": 0}, MAKERS)
    assert by_reading.applies(["fig2", "fig3"], {"fig3": 0}, MAKERS)
    assert not by_reading.applies(["fig2"], {"fig3": 0}, MAKERS)


def test_the_catalogue_names_tables_that_claims_read_and_that_are_made():
    config = small.config("paper")
    claimed = claimfile.tables_of(claimfile.read(small.ROOT / "workflow/claims.yaml"))
    made = catalogue.tables(config)
    readings = catalogue.instead(config)
    assert {"noise_of_F", "exact_T_and_B", "lambda_in_the_summed_cost"} <= readings.keys()
    assert "base" not in readings
    for read in readings.values():
        assert read.keys() <= claimed.keys()
        assert {repeats.file_of(name, key) for name, keys in read.items() for key in keys} <= made


def test_a_reading_of_two_sizes_is_run_at_the_sizes_and_the_strength_that_it_says():
    config = small.config("paper")
    summed = [
        getattr(config, key)
        for key in catalogue.instead(config)["lambda_in_the_summed_cost"]["fig6"]
    ]
    assert [size for sweep in summed for size in sweep.examples] == config.fig6.examples
    for sweep in summed:
        assert sweep.regularisation == config.fig6.regularisation / sweep.examples[0]
    assert pd.Series([sweep.repeats for sweep in summed]).nunique() == 1
