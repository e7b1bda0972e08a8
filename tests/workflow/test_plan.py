"""What Snakemake plans, without running it."""

import pytest
from tests.artifact import small

from artifact import catalogue

WHOLE = {name for name, e in catalogue.EXPERIMENTS.items() if isinstance(e, catalogue.Whole)}


@pytest.mark.parametrize("scale", ["smoke", "quick", "paper", "fashion"])
def test_dry_run_plans_the_papers_figures_and_each_of_their_jobs_once(clone, scale):
    config = small.config(scale)
    plan = clone.planned("--config", f"scale={scale}")
    figures = catalogue.main_figures()
    assert plan["plot"] == len(figures) == 7
    tables = {table for figure in figures for table in catalogue.drawn(config, figure).values()}
    made = catalogue.sweep_tables(config)
    folders = {made[table][0] for table in tables if table in made}
    wanted = dict.fromkeys(("iterates", "prior", "warm_start"), 1)
    for folder in folders:
        experiment = catalogue.group_of(folder).made_by
        jobs = catalogue.sweeps(config)[folder].jobs(catalogue.EXPERIMENTS[experiment].together)
        wanted[experiment] = wanted.get(experiment, 0) + len(jobs)
    assert {name: plan[name] for name in plan if name in catalogue.EXPERIMENTS} == wanted
    assert plan["sweep_table"] == len(tables & made.keys())


def test_the_supplement_and_the_readings_are_planned_too(clone):
    plan = clone.planned("--config", "scale=smoke", "--", "supplement", "readings", "claims")
    assert plan["plot"] == len(catalogue.supplement())
    assert plan.keys() >= WHOLE - {"warm_start"}


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
    one_rate = '{"panels": {"a": {"learning_rates": [0.2]}, "b": {"examples": [1024]}}}'
    plan = clone.planned("figures/fig7.pdf", "--config", f"fig7={one_rate}")
    sweep = small.config("quick").fig7
    blocks = -(-sweep.repeats // sweep.seeds_per_job)
    assert plan["cnn"] == len(sweep.temperatures) * blocks


def test_lint_finds_nothing(clone):
    run = clone.snakemake("--lint")
    assert run.returncode == 0, run.stdout + run.stderr
