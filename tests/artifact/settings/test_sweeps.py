"""The points of the figures, and their jobs."""

import itertools

import pytest
from tests.artifact import small

from artifact.figures.fig2_3_4.settings_logistic import LangevinSweep

PANELS = {
    "a": {"examples": [512], "learning_rates": [0.1, 0.2]},
    "b": {"examples": [256, 512], "learning_rates": [0.2]},
}


def test_points_of_fig_5_have_the_batch_sizes_of_the_paper():
    sweep = small.settings("fig5", examples=[1024], temperatures=[0.5, 1.0, 2.0])
    assert sweep.learning_rates == [0.125]
    assert [point.batch_size for point in sweep.points()] == [128, 64, 32]


def test_points_of_fig_7_have_the_batch_size_of_section_6_4():
    panels = {key: {"examples": [8192], "learning_rates": [0.05]} for key in "ab"}
    (point,) = small.settings("fig7", panels=panels, temperatures=[1.0]).points()
    assert point.batch_size == 200  # ceil(8192 / 41)


def test_panels_share_points():
    sweep = small.settings("fig7", panels=PANELS, temperatures=[1.0, 2.0])
    points = sweep.points()
    assert len(sweep.jobs()) == len(points) == len(set(points)) == 6
    for grid, count in zip(sweep.grids(), (4, 4), strict=True):
        of_panel = [
            p for p in points if p.examples in grid.examples
            and p.learning_rate in grid.learning_rates
        ]  # fmt: skip
        assert len(of_panel) == count


def test_a_full_gradient_has_no_batch_size():
    assert {point.batch_size for point in small.settings("fig2").points()} == {0}


def test_a_temperature_without_a_batch_size_is_an_error():
    with pytest.raises(ValueError, match=r"temperature 0\.01 needs a batch of 500"):
        small.settings("fig3", examples=[100], temperatures=[0.01])


def test_fig_7_samples_the_last_34_of_17000_updates():
    sweep = small.settings("fig7", duration=850.0, sampled_fraction=0.002)
    assert sweep.updates(0.05) == (17000 - 34, 34)


def test_updates_of_a_duration_are_rounded_up_and_those_sampled_to_the_nearest():
    """850/0.3 = 2833.3 makes 2834; 0.2% of them are 5.668, hence 6."""
    sweep = small.settings("fig7", duration=850.0, sampled_fraction=0.002)
    assert sweep.updates(0.3) == (2834 - 6, 6)


def test_a_point_depends_on_nothing_of_the_grid_it_lies_on():
    of_point = small.settings("fig5").of_point()
    assert of_point == {
        "damping": 0.1, "regularisation": 20.0, "fisher_examples": 64,
        "burn_in": 5, "samples": 5, "hidden": 40, "projected_inputs": 10,
    }  # fmt: skip


def test_one_job_runs_all_temperatures_that_are_together():
    grid = {"examples": [10, 20], "temperatures": [1.0, 2.0], "learning_rates": [0.1]}
    sweep = small.settings("fig2", **grid, repeats=1)
    apart, together = sweep.jobs(), sweep.jobs(together=True)
    assert list(apart) == [
        "N10_eps0.1_T1_seed0", "N10_eps0.1_T2_seed0",
        "N20_eps0.1_T1_seed0", "N20_eps0.1_T2_seed0",
    ]  # fmt: skip
    assert list(together) == ["N10_eps0.1_seed0", "N20_eps0.1_seed0"]
    for jobs in (apart, together):
        assert [point for job in jobs.values() for point in job.points] == sweep.points()


@pytest.mark.parametrize(("repeats", "block"), [(7, 3), (6, 3), (1, 5), (4, 1)])
def test_blocks_of_seeds_hold_each_point_and_seed_once(repeats, block):
    sweep = small.settings("fig5", repeats=repeats, seeds_per_job=block)
    jobs = sweep.jobs()
    runs = [run for job in jobs.values() for run in itertools.product(job.points, job.seeds)]
    assert sorted(runs) == sorted(itertools.product(sweep.points(), range(repeats)))
    assert max(len(job.seeds) for job in jobs.values()) <= block
    for name, job in jobs.items():
        last = f"-{job.seeds[-1]}" if len(job.seeds) > 1 else ""
        assert name.endswith(f"_seed{job.seeds[0]}{last}")


@pytest.mark.parametrize(
    ("key", "changes", "told"),
    [
        ("fig2", {"temperatures": [1.0, 1.0000001]}, "both are N200_eps0.1_T1"),
        ("fig2", {"learning_rates": [0.1, 0.1000000001]}, "both are N200_eps0.1_T0.2"),
        ("fig3", {"temperatures": [1.0, 1.01]}, "both have B = 10"),
    ],
)
def test_points_whose_names_or_batches_coincide_are_refused(key, changes, told):
    with pytest.raises(ValueError, match=told):
        small.settings(key, **changes)


def test_a_chain_without_a_sample_or_without_an_end_is_refused():
    with pytest.raises(ValueError, match="leave at least one update"):
        small.settings("fig7", duration=2.0, sampled_fraction=0.001)
    with pytest.raises(ValueError, match="at most 1e\\+08 updates"):
        small.settings("fig7", duration=1e9)


def test_settings_are_checked_where_they_are_used():
    """A job validates what it is given again; a sweep needs all of its keys."""
    with pytest.raises(ValueError, match="temperatures"):
        LangevinSweep.model_validate({"inputs": 3})
    changed = {**small.settings("fig5").of_point(), "damping": -1.0}
    with pytest.raises(ValueError, match=r"be > 0"):
        type(small.of_point(small.settings("fig5"))).model_validate(changed)
