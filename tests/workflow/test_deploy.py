"""Used from elsewhere: as a module, from another folder, from a worktree, in a path with spaces."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.workflow import forks
from tests.workflow.conftest import Clone

import ngd
from artifact import catalogue

SMOKE = ("--cores", "1", "--config", "scale=smoke")
ARCHIVE = ("--cores", "1", "--config", "scale=paper", "from=reference")
HOST = "snakemake/snakemake/source-cache/snakemake-git-cache/github.com/ngd"
"""Where Snakemake keeps what it cloned, below the user's cache."""

DEPLOYED = """from snakemake.utils import min_version


min_version("6.10.0")


configfile: "config/config.yaml"


# declare https://github.com/ngd/ngd-posterior as a module
module ngd_posterior:
    snakefile:
        github("ngd/ngd-posterior", path="workflow/Snakefile", tag="v1")
    config:
        config


# use all rules from https://github.com/ngd/ngd-posterior
use rule * from ngd_posterior
"""
"""What `snakedeploy deploy-workflow` writes."""


def git(*arguments, cwd):
    named = ["-c", "user.name=one", "-c", "user.email=one@example.org"]
    run = subprocess.run(["git", *named, *arguments], cwd=cwd, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A clone that is git's, with a version, in a folder whose name has a space."""
    clone = Clone(tmp_path_factory.mktemp("my clones") / "one")
    git("init", "--quiet", cwd=clone.path)
    git("add", ".", cwd=clone.path)
    git("commit", "--quiet", "--message", "All", cwd=clone.path)
    git("tag", "--message", "v1", "v1", cwd=clone.path)
    return clone


@pytest.fixture(scope="module")
def cache(published, tmp_path_factory):
    """A user's cache in which Snakemake finds what it would clone from the host."""
    cache = tmp_path_factory.mktemp("cache")
    (cache / HOST).mkdir(parents=True)
    git("clone", "--quiet", "--bare", published.path, cache / HOST / "ngd-posterior", cwd=cache)
    return cache


@pytest.fixture
def deployed(tmp_path):
    """A function that deploys as snakedeploy does, or a Snakefile of its own; the folder."""

    def deploy(snakefile=DEPLOYED, settings="scale: smoke\n"):
        place = tmp_path / "my project"
        (place / "config").mkdir(parents=True)
        (place / "config/config.yaml").write_text(settings)
        (place / "workflow").mkdir()
        (place / "workflow/Snakefile").write_text(snakefile)
        return place

    return deploy


def planned(run):
    assert run.returncode == 0, run.stderr[-3000:]
    assert "This was a dry-run" in run.stdout + run.stderr
    return run.stdout + run.stderr


def test_deployed_from_a_host_it_draws_from_the_archive_at_the_commit_of_the_version(
    deployed, cache, published
):
    place = deployed(settings="scale: paper\nfrom: reference\n")
    told = {"XDG_CACHE_HOME": str(cache)}
    run = forks.run(place, "--cores", "1", "--", "figures/fig1.pdf", sources=place, **told)
    assert run.returncode == 0, run.stderr[-3000:]
    assert (place / "figures/fig1.pdf").read_bytes().startswith(b"%PDF")
    commit = git("rev-parse", "v1^{commit}", cwd=published.path)
    (cloned,) = (place / ".snakemake/ngd-posterior").iterdir()
    assert cloned.name == commit == git("describe", "--always", "--abbrev=40", "--exclude=*",
                                        cwd=cloned)  # fmt: skip
    # Of another ref, which is not there.
    snakefile = place / "workflow/Snakefile"
    snakefile.write_text(DEPLOYED.replace('tag="v1"', 'tag="v9"'))
    run = forks.run(place, "--dry-run", "--cores", "1", sources=place, **told)
    assert run.returncode != 0


def test_under_a_prefix_and_other_names_what_is_made_is_and_what_is_shipped_is_not(deployed, cache):
    """As README has it."""
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    (module,) = re.findall(r"```text\n(module ngd_posterior:\n.*?)```", readme, re.DOTALL)
    module = module.replace("OWNER/", "ngd/").replace(f'tag="v{ngd.__version__}"', 'tag="v1"')
    place = deployed(f'configfile: "config/config.yaml"\n\n\n{module}')
    told = {"XDG_CACHE_HOME": str(cache)}
    targets = ("posterior_crate", "posterior/figures/fig7.pdf")
    plan = planned(
        forks.run(place, "--dry-run", *SMOKE, "--", *targets, sources=place, **told)
    )  # fmt: skip
    made = re.findall(r"^ +(?:output|log): (.*)", plan, re.MULTILINE)
    assert made
    assert all(path.startswith("posterior/") for paths in made for path in paths.split(", "))
    assert re.search(r"^posterior_cnn +\d+$", plan, re.MULTILINE)
    plan = planned(
        forks.run(place, "--dry-run", *ARCHIVE, "--", *targets, sources=place, **told)
    )  # fmt: skip
    assert "posterior/.snakemake" not in plan
    assert ".snakemake/ngd-posterior/" in plan
    assert "posterior_cnn" not in plan


@pytest.mark.parametrize("source", ["gitfile('{}', path='workflow/Snakefile', tag='v1')"])
def test_a_source_that_holds_no_more_than_a_file_is_refused_in_a_line(published, tmp_path, source):
    text = f"module ngd:\n    snakefile: {source.format(published.path)}\n\nuse rule * from ngd\n"
    (tmp_path / "Snakefile").write_text(text)
    run = forks.run(tmp_path, "--dry-run", *SMOKE, sources=tmp_path)
    assert run.returncode != 0
    assert run.stderr.splitlines()[-1].startswith("module: git+file://")


def test_a_path_with_spaces_runs(published, tmp_path):
    """The environment's own path must have none; of the checkout and of the run either may."""
    place = tmp_path / "of my run"
    place.mkdir()
    snakefile = str(published.path / "Snakefile")
    given = ("-s", snakefile, "--directory", str(place), *ARCHIVE, "--", "figures/fig1.pdf")
    run = forks.run(tmp_path, *given, sources=published.path / "src")
    assert run.returncode == 0, run.stderr[-3000:]
    assert (place / "figures/fig1.pdf").read_bytes().startswith(b"%PDF")
    assert not list(published.path.glob("figures/*.pdf"))


def test_a_worktree_plans_and_tells_its_commit(published, tmp_path):
    place = tmp_path / "tree"
    git("worktree", "add", "--quiet", "--detach", place, cwd=published.path)
    planned(forks.run(place, "--dry-run", *SMOKE))
    program = "from artifact.records import provenance; print(provenance.commit())"
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(place / "src")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert told.stdout.strip() == "v1", told.stderr


def test_settings_of_config_yaml_count_and_the_command_line_wins(tmp_path):
    clone = Clone(tmp_path)
    own = "scale: smoke\nfig5: {temperatures: [1.0], repeats: 2}\n"
    (clone.path / "config/config.yaml").write_text(own)

    def jobs(*settings):
        told = planned(forks.run(clone.path, "--dry-run", *settings, "--", "figures/fig5.pdf"))
        assert "results/smoke/points/fig5" in told
        return int(re.search(r"^mlp +(\d+)$", told, re.MULTILINE)[1])

    assert jobs() == 1
    assert jobs("--config", "fig5={temperatures: [1.0, 2.0]}") == 2


def test_what_the_crate_holds_plans_where_it_is_unpacked(clone, tmp_path):
    """Without the folder that it came from, and without git."""
    told = planned(forks.run(clone.path, "--dry-run", *SMOKE, "--", "crate"))
    (given,) = re.findall(r"^(?:local)?rule crate:\n +input: (.*)", told, re.MULTILINE)
    shipped = [path for path in given.split(", ") if (clone.path / path).is_file()]
    for name in shipped:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(clone.path / name, tmp_path / name)
    assert {"LICENSE", "workflow/claims.yaml", "docs/readings.md", "CITATION.cff"} <= {*shipped}
    plan = planned(forks.run(tmp_path, "--dry-run", *SMOKE, "--", "figures", "crate"))
    assert re.search(rf"^plot +{len(catalogue.FIGURES)}$", plan, re.MULTILINE)
    # And what is lacking is found.
    (tmp_path / "workflow/claims.yaml").unlink()
    assert forks.run(tmp_path, "--dry-run", *SMOKE).returncode != 0


CONDA = """#!/bin/sh
[ "$1" = info ] && echo '{"platform": "linux-64", "conda_prefix": "/opt/conda"}'
[ "$1" = config ] && echo '{"get": {"channel_priority": "strict"}}'
[ "$1" = --version ] && echo conda 25.1.0
true
"""
"""Of conda what Snakemake asks it."""


def test_every_job_has_an_environment_for_conda_and_so_a_container_can_be_made(clone, tmp_path):
    conda = tmp_path / "conda"
    conda.write_text(CONDA)
    conda.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    run = forks.run(clone.path, "--containerize", "--config", "scale=smoke", PATH=path)
    assert run.returncode == 0, run.stderr[-3000:]
    assert re.search(r"^COPY environment.yml /conda-envs/\S+/environment.yaml$", run.stdout, re.M)
    assert run.stdout.count("conda env create --prefix") == 1
