"""The profile for GPUs: its plan, and its error where there is none."""

import shutil

import pytest

PROFILE = ("--workflow-profile", "profiles/gpu", "--config", "scale=smoke", "device=gpu")


def test_every_training_job_asks_for_one_gpu_and_no_other_job_does(clone):
    run = clone.snakemake("--dry-run", *PROFILE)
    assert run.returncode == 0, run.stderr
    jobs = (run.stdout + run.stderr).split("\n\n")
    training = ("mlp:", "cnn:", "langevin_sweep:", "ngd_sweep:", "warm_start:", "iterates:")
    asked = {job: "gpu=1" in job for job in jobs if "rule " in job}
    assert any(asked.values())
    for job, asks in asked.items():
        name = job.split("rule ")[1].split()[0]
        assert asks == (name in (*training, "prior:")), job


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="may have a GPU")
def test_without_a_gpu_the_profile_is_refused_in_one_line_before_any_job(clone):
    run = clone.snakemake(*PROFILE, "--", "figures/fig2.pdf")
    told = [line for line in run.stderr.splitlines() if line.startswith("config: ")]
    assert run.returncode != 0
    assert len(told) == 1, run.stderr
    assert "device = 'gpu' is not allowed here" in told[0]
    assert not list(clone.path.glob("results/smoke/points/*/*"))
