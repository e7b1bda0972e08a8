"""The points of the figures."""

import pytest

from artifact.settings import sweeps as sweep


def test_points_of_fig_5_have_the_batch_sizes_of_the_paper():
    settings = {
        "examples": [1024],
        "learning_rates": [0.125],
        "temperatures": [0.5, 1.0, 2.0],
        "exact_temperature": False,
    }
    assert [point.batch_size for point in sweep.points(settings)] == [128, 64, 32]


def test_points_of_fig_7_have_the_batch_size_of_section_6_4():
    settings = {
        "panels": {"a": {"examples": [8192], "learning_rates": [0.05]}},
        "temperatures": [1.0],
        "exact_temperature": True,
    }
    (point,) = sweep.points(settings)
    assert point.batch_size == 200  # ceil(8192 / 41)


def test_panels_share_points():
    settings = {
        "panels": {
            "a": {"examples": [512], "learning_rates": [0.1, 0.2]},
            "b": {"examples": [256, 512], "learning_rates": [0.2]},
        },
        "temperatures": [1.0, 2.0],
        "exact_temperature": True,
    }
    names = sweep.jobs(settings)
    assert len(names) == len(sweep.points(settings)) == 6
    for letter, count in (("a", 4), ("b", 4)):
        of_panel = sweep.jobs(sweep.panel(settings, letter)).keys()
        assert of_panel <= names.keys()
        assert len(of_panel) == count


def test_a_full_gradient_has_no_batch_size():
    settings = {"examples": [10], "learning_rates": [0.1], "temperatures": [1.0]}
    assert sweep.points(settings)[0].batch_size == 0


def test_a_temperature_without_a_batch_size_is_an_error():
    settings = {
        "examples": [100],
        "learning_rates": [0.1],
        "temperatures": [0.01],
        "exact_temperature": False,
    }
    with pytest.raises(ValueError, match=r"temperature 0\.01 needs a batch of 500"):
        sweep.points(settings)


def test_fig_7_samples_the_last_34_of_17000_updates():
    settings = {"duration": 850.0, "sampled_fraction": 0.002}
    assert sweep.updates(settings, 0.05) == (17000 - 34, 34)


def test_a_point_depends_on_no_other_point():
    settings = {"examples": [1], "temperatures": [1.0], "learning_rates": [0.1], "damping": 0.1}
    assert sweep.of_point(settings) == {"damping": 0.1}


def test_one_job_runs_all_temperatures_that_are_together():
    settings = {"examples": [10, 20], "temperatures": [1.0, 2.0], "learning_rates": [0.1]}
    apart, together = sweep.jobs(settings), sweep.jobs(settings, together=True)
    assert list(apart) == ["N10_eps0.1_T1", "N10_eps0.1_T2", "N20_eps0.1_T1", "N20_eps0.1_T2"]
    assert list(together) == ["N10_eps0.1", "N20_eps0.1"]
    for jobs in (apart, together):
        assert [point for points in jobs.values() for point in points] == sweep.points(settings)
