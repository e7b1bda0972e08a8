"""The workflow through a real Slurm."""

import subprocess
import time

import pytest

pytestmark = pytest.mark.cluster

QUICK = (
    "--slurm-init-seconds-before-status-checks=1",
    "--seconds-between-status-checks=1",
    "--latency-wait=10",
)
ON_SLURM = ("--workflow-profile", "profiles/slurm", *QUICK)


def finish(process, seconds=1500):
    output, _ = process.communicate(timeout=seconds)
    return process.returncode, output


def tables(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in (folder / "results/smoke/points").rglob("*.csv")
    }


def test_the_smoke_pipeline_runs_through_slurm_to_the_same_bytes(slurm, start, checkout, tmp_path):
    settings = ("--config", "scale=smoke")
    status, output = finish(start(checkout, *ON_SLURM, *settings))
    assert status == 0, output[-5000:]
    jobs = slurm.jobs()
    assert all(job["JobState"] == "COMPLETED" for job in jobs), jobs
    assert {job["Partition"] for job in jobs} == {"cpu"}
    made = tables(checkout)
    # Two points of Fig. 5 and four of Fig. 6 shared jobs.
    assert len(jobs) < len(made) + 5
    twin = tmp_path / "twin"
    subprocess.run(["cp", "-r", checkout, twin], check=True)
    subprocess.run(["rm", "-rf", twin / "results/smoke", twin / ".snakemake"], check=True)
    status, output = finish(start(twin, *settings))
    assert status == 0, output[-5000:]
    assert tables(twin) == made


def test_a_job_that_is_cancelled_and_one_that_is_requeued_end_in_the_same_bytes(
    slurm, start, checkout, tmp_path
):
    longer = "fig3={burn_in: 4000, samples: 4000, repeats: 3}"
    settings = ("--config", "scale=smoke", longer, "--", "results/smoke/tables/fig3.csv")
    twin = tmp_path / "twin"
    subprocess.run(["cp", "-r", checkout, twin], check=True)
    status, output = finish(start(twin, *settings))
    assert status == 0, output[-5000:]

    before = {job["JobId"] for job in slurm.jobs()}
    run = start(checkout, *ON_SLURM, *settings)

    def running():
        log = checkout / "results/smoke/logs/fig3/N200_eps0.1.log"
        for _ in range(600):
            new = [j for j in slurm.jobs() if j["JobId"] not in before]
            at_work = [j["JobId"] for j in new if j["JobState"] == "RUNNING"]
            if at_work and log.exists() and "%" in log.read_text():
                return at_work[0]
            assert run.poll() is None, run.stdout.read()[-5000:]
            time.sleep(0.2)
        raise AssertionError("no job ran")

    first = running()
    slurm.ask("scancel", first)
    before.add(first)
    (checkout / "results/smoke/logs/fig3/N200_eps0.1.log").unlink(missing_ok=True)
    second = running()
    assert second != first
    slurm.ask("scontrol", "requeue", second)
    status, output = finish(run)
    assert status == 0, output[-5000:]
    assert tables(checkout) == tables(twin)


def test_a_gpu_job_is_sent_to_the_gpus_and_never_falls_back_to_the_cpu(slurm, start, checkout):
    before = {job["JobId"] for job in slurm.jobs()}
    run = start(
        checkout,
        "--workflow-profile",
        "profiles/slurm-gpu",
        *QUICK,
        "--retries=0",
        "--slurm-keep-successful-logs",
        "--config",
        "scale=smoke",
        "device=gpu",
        "--",
        "results/smoke/points/fig3/N200_eps0.1.csv",
    )
    status, output = finish(run)
    (job,) = [job for job in slurm.jobs() if job["JobId"] not in before]
    assert job["Partition"] == "gpu"
    assert any("gpu:1" in value for name, value in job.items() if name.startswith("Tres")), job
    # The GPU is none: the job must say so and make nothing.
    assert status != 0
    assert job["JobState"] == "FAILED"
    assert not list(checkout.glob("results/smoke/points/fig3/*.csv"))
    told = output + "".join(
        path.read_text() for path in checkout.glob(".snakemake/slurm_logs/**/*.log")
    )
    assert "config: device = 'gpu' is not allowed here; must be cpu, since" in told
