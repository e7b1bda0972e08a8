"""The profile for GPUs: its plan, and its error where there is none."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from tests.artifact import small
from tests.workflow.conftest import Clone

from artifact import catalogue
from artifact.engine import device
from artifact.engine.chains import TOLERANCE

AGREE = [("fig5", "N256_eps0.125", 1.0), ("fig7", "N256_eps0.2", 0.3)]

PROFILE = ("--workflow-profile", "profiles/gpu", "--config", "scale=smoke", "device=gpu")


def test_every_training_job_asks_for_one_gpu_and_no_other_job_does(clone):
    run = clone.snakemake("--dry-run", *PROFILE)
    assert run.returncode == 0, run.stderr
    jobs = (run.stdout + run.stderr).split("\n\n")
    training = [f"{name}:" for name in catalogue.EXPERIMENTS]
    asked = {job: "gpu=1" in job for job in jobs if "rule " in job}
    assert any(asked.values())
    for job, asks in asked.items():
        name = job.split("rule ")[1].split()[0]
        assert asks == (name in training), job


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="may have a GPU")
def test_without_a_gpu_the_profile_is_refused_in_one_line_before_any_job(clone):
    run = clone.snakemake(*PROFILE, "--", "figures/fig2.pdf")
    told = [line for line in run.stderr.splitlines() if line.startswith("config: ")]
    assert run.returncode != 0
    assert len(told) == 1, run.stderr
    assert "device = 'gpu' is not allowed here" in told[0]
    assert not list(clone.path.glob("results/smoke/points/*/*"))


def test_a_job_holds_all_temperatures_of_a_training_set_size_and_learning_rate(clone):
    run = clone.snakemake("--dry-run", *PROFILE, "--", "figures/fig7.pdf")
    assert run.returncode == 0, run.stderr
    sweep = small.config("smoke").fig7
    jobs = sweep.jobs(together=True)
    planned = {
        word.strip(",;") for word in (run.stdout + run.stderr).split() if "points/fig7" in word
    }
    assert planned == {
        f"results/smoke/points/fig7/{name}.{kind}" for name in jobs for kind in ("csv", "json")
    }
    assert all(len(job.points) == len(sweep.temperatures) for job in jobs.values())


@pytest.mark.skipif(bool(device.lacks_gpu()), reason=device.lacks_gpu())
@pytest.mark.parametrize(("figure", "corner", "temperature"), AGREE)
def test_a_point_agrees_on_cpu_and_gpu(tmp_path_factory, figure, corner, temperature):
    """The first updates to rounding; then chains part ways, but their scores are of one law."""
    scores, firsts = [], []
    for kind, profile in (("cpu", ()), ("gpu", ("--workflow-profile", "profiles/gpu"))):
        clone = Clone(tmp_path_factory.mktemp(kind))
        longer = (
            # By the figure's δ = 0.1 so small a problem's chains part ways after the second update.
            "fig5={repeats: 10, seeds_per_job: 10, burn_in: 50, samples: 50, damping: 1.0}",
            "fig7={repeats: 10, seeds_per_job: 10}",
        )
        asked = ("--config", "scale=smoke", f"device={kind}", *longer)
        name = f"{corner}_seed0-9" if kind == "gpu" else f"{corner}_T{temperature:g}_seed0-9"
        job = f"results/smoke/points/{figure}/{name}"
        run = clone.snakemake(*profile, *asked, "--", f"{job}.csv")
        assert run.returncode == 0, run.stderr[-5000:]
        runs = pd.read_csv(clone.path / f"{job}.csv")
        record = json.loads((clone.path / f"{job}.json").read_text())
        chosen = runs["temperature"] == temperature
        assert (runs["diverged_at"][chosen] < 0).all()
        scores.append(runs["ensemble_cross_entropy"][chosen])
        firsts.append([record["first"][i].split() for i in np.flatnonzero(chosen)])
    np.testing.assert_allclose(*(np.array(first, float) for first in firsts), rtol=TOLERANCE)
    cpu, gpu = scores
    assert abs(cpu.mean() - gpu.mean()) < 4.5 * np.hypot(cpu.sem(), gpu.sem())
