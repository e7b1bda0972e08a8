"""The profile for GPUs: its plan, and its error where there is none."""

import shutil

import numpy as np
import pandas as pd
import pytest
from tests.workflow.conftest import Clone

from artifact import catalogue
from artifact.engine import device

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


@pytest.mark.skipif(bool(device.lacks_gpu()), reason=device.lacks_gpu())
@pytest.mark.parametrize(
    "point", ["fig5/N256_eps0.125_T1_seed0-9", "fig7/N256_eps0.2_T0.3_seed0-9"]
)
def test_a_point_agrees_on_cpu_and_gpu(tmp_path_factory, point):
    """Rounding differs and chains part ways, but ensembles' cross entropies are of one law."""
    scores = []
    for kind, profile in (("cpu", ()), ("gpu", ("--workflow-profile", "profiles/gpu"))):
        clone = Clone(tmp_path_factory.mktemp(kind))
        longer = (
            "fig5={repeats: 10, seeds_per_job: 10, burn_in: 50, samples: 50}",
            "fig7={repeats: 10, seeds_per_job: 10}",
        )
        asked = ("--config", "scale=smoke", f"device={kind}", *longer)
        run = clone.snakemake(*profile, *asked, "--", f"results/smoke/points/{point}.csv")
        assert run.returncode == 0, run.stderr[-5000:]
        runs = pd.read_csv(clone.path / f"results/smoke/points/{point}.csv")
        assert (runs["diverged_at"] < 0).all()
        scores.append(runs["ensemble_cross_entropy"])
    cpu, gpu = scores
    assert abs(cpu.mean() - gpu.mean()) < 4.5 * np.hypot(cpu.sem(), gpu.sem())
