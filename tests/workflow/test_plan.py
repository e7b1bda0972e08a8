"""What Snakemake plans, without running it."""

import pytest

FIGURES = [f"figures/fig{n}.pdf" for n in range(1, 8)]


@pytest.mark.parametrize("scale", ["smoke", "quick", "paper"])
def test_dry_run_plans_all_seven_figures(clone, scale):
    plan = clone.planned("--config", f"scale={scale}")
    assert plan["plot"] == 7
    assert {"iterates", "prior", "langevin_sweep", "ngd_sweep", "mlp", "cnn"} <= plan.keys()


def test_a_figure_plans_only_what_it_needs(clone):
    assert clone.planned("figures/fig1.pdf").keys() == {"iterates", "plot"}
    assert clone.planned("figures/fig4.pdf").keys() == {"prior", "ngd_sweep", "sweep_table", "plot"}
    assert clone.planned("figures/fig5.pdf").keys() == {"mnist", "mlp", "sweep_table", "plot"}
    assert clone.planned("figures/fig7.pdf").keys() == {
        "mnist",
        "warm_start",
        "cnn",
        "sweep_table",
        "plot",
    }


def test_a_point_that_two_panels_share_is_one_job(clone):
    one_rate = '{"panels": {"a": {"learning_rates": [0.2]}, "b": {"examples": [2048]}}}'
    plan = clone.planned("figures/fig7.pdf", "--config", f"fig7={one_rate}")
    assert plan["cnn"] == 5


def test_lint_finds_nothing(clone):
    run = clone.snakemake("--lint")
    assert run.returncode == 0, run.stdout + run.stderr
