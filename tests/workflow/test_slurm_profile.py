"""What the profile `slurm` asks a cluster for, without one."""

import re

import pytest
from tests.cluster.conftest import POINT, TARGETS

ASKED = {
    # MB, minutes
    "iterates": (1000, 60),
    "literal_iterates": (1000, 60),
    "prior": (1000, 60),
    "langevin_sweep": (1000, 60),
    "ngd_sweep": (1000, 60),
    "isotropy": (1000, 60),
    "separable": (1000, 60),
    "mlp": (1000, 15),
    "posterior": (1000, 60),
    "every_sampler": (2000, 240),
    "network_samplers": (1000, 240),
    "cnn_samplers": (2000, 1440),
    "scaled": (1000, 60),
    "reading": (1000, 15),
    "riemannian_sweep": (1000, 15),
    "theorem_1": (1000, 240),
    "two_parameterisations": (1000, 60),
    "theorem_2": (1000, 240),
    "estimated_fisher": (1000, 60),
    "gold_standard": (1000, 240),
    "warm_start": (2000, 240),
    "cnn": (2000, 1440),
}
SHARED = {"mlp", "reading", "riemannian_sweep"}
# Never sent to the cluster, which a dry run does not tell; tests/cluster does.
LOCAL = {"mnist", "sweep_table", "plot", "claims", "readings", "figures", "supplement"}
JOB = re.compile(r"^( *)(?:local)?rule (\w+):$")


def planned(clone, *settings):
    """Each job's rule, its group's number (or None) and its resources; and how many groups."""
    profile = ("--workflow-profile", "profiles/slurm", "--config", "scale=paper", *settings)
    targets = ("figures", "supplement", "readings", "claims")
    run = clone.snakemake("--dry-run", *profile, "--", *targets)
    assert run.returncode == 0, run.stderr
    jobs, groups = [], 0
    for line in (run.stdout + run.stderr).splitlines():
        if " Group job points " in line:
            groups += 1
        elif found := JOB.match(line):
            indent, rule = found.groups()
            jobs.append([rule, groups if indent else None])
        elif line.strip().startswith("resources: "):
            jobs[-1].append({k: int(v) for k, v in re.findall(r"(\w+)=(\d+)\b", line)})
    return [job for job in jobs if job[0] not in LOCAL], groups


@pytest.fixture(scope="module")
def plan(clone):
    return planned(clone)


def test_each_rule_asks_for_its_memory_and_time(plan):
    asked = {rule: (given["mem_mb"], given["runtime"]) for rule, _, given in plan[0]}
    assert asked == ASKED


def test_points_of_minutes_share_submissions_and_no_other_job_does(plan):
    jobs, groups = plan
    shared = [group for rule, group, _ in jobs if rule in SHARED]
    assert len(shared) > 100
    assert len(set(shared)) == groups == -(-len(shared) // 16)
    assert all(group is None for rule, group, _ in jobs if rule not in SHARED)


def test_on_gpus_the_training_jobs_ask_for_one(clone):
    jobs, _ = planned(clone, "device=gpu")
    asked = {rule: given.get("gpu", 0) for rule, _, given in jobs}
    assert asked == {rule: int(rule != "separable") for rule in ASKED}


def test_what_the_clusters_tests_ask_for_is_planned(clone):
    """They run by `make test-cluster` alone, long after a name has changed."""
    asked = clone.planned("--config", "scale=smoke", "--", POINT, *TARGETS)
    assert asked["langevin_sweep"] == 1
    assert asked["mlp"]
    assert asked["cnn"]
