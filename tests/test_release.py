"""What a release says of itself is the same everywhere, and the workflow catalogue reads it."""

import hashlib
import importlib.metadata
import json
import os
import re
import subprocess
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml

import ngd

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CFF = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
CODEMETA = json.loads((ROOT / "codemeta.json").read_text("utf-8"))
PAPER = PROJECT["urls"]["Paper"]


def test_one_version_one_licence_one_name_of_the_authors():
    assert CFF["version"] == CODEMETA["version"] == ngd.__version__
    assert importlib.metadata.version("ngd-posterior") == ngd.__version__
    assert CFF["license"] == PROJECT["license"] == CODEMETA["license"].rpartition("/")[2]
    (author,) = (one["name"] for one in CFF["authors"])
    assert author == CODEMETA["author"][0]["name"]
    assert author in (ROOT / "LICENSE").read_text("utf-8")
    assert CODEMETA["description"] == PROJECT["description"]
    assert CODEMETA["runtimePlatform"] == f"Python {PROJECT['requires-python']}"


def test_the_paper_is_a_reference_of_the_software_and_not_the_software():
    (paper,) = CFF["references"]
    assert "preferred-citation" not in CFF
    assert paper["url"] == PAPER == CODEMETA["referencePublication"]["@id"]
    assert paper["title"] == CODEMETA["referencePublication"]["name"]
    names = [one["family-names"] for one in paper["authors"]]
    assert names == ["Smith", "Duckworth", "Le", "Sohl-Dickstein"]
    required = {"cff-version", "message", "title", "authors"}
    assert required <= CFF.keys()


def test_the_catalogue_of_workflows_can_read_how_it_is_used():
    """What its script asks for besides `snakemake --lint` and snakefmt, which `make lint` runs."""
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text("utf-8"))["usage"]
    assert usage["report"] is True
    assert any(usage["software-stack-deployment"].values())
    assert usage["mandatory-flags"].keys() == {"desc", "flags"}
    assert (ROOT / "workflow/Snakefile").is_file()
    assert (ROOT / "config/README.md").is_file()
    assert (ROOT / "config/config.yaml").is_file()
    readme = (ROOT / "README.md").read_text("utf-8").lower()
    assert "snakemake" in readme
    assert "workflow" in readme
    if usage["software-stack-deployment"]["conda"]:
        scripts = 0
        for path in (ROOT / "workflow/rules").glob("*.smk"):
            text = path.read_text("utf-8")
            scripts += len(re.findall(r"^ +script:", text, re.MULTILINE))
            assert len(re.findall(r"^ +conda:", text, re.MULTILINE)) == len(
                re.findall(r"^ +script:", text, re.MULTILINE)
            )
        assert scripts > 10


@pytest.fixture
def archiving(tmp_path):
    """A checkout that is git's, whose `make archive` has a Snakemake of a small crate."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "src/ngd/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / ".gitignore").write_text("/build/\n/bin/\n")
    snakemake = tmp_path / "bin/snakemake"
    snakemake.parent.mkdir()
    snakemake.write_text(
        "#!/bin/sh\nmkdir -p build/archive/results/paper\n"
        'echo "$SOURCE_DATE_EPOCH $@" > build/archive/results/paper/crate.zip\n'
    )
    snakemake.chmod(0o755)

    def git(*arguments):
        named = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
        subprocess.run(named, cwd=tmp_path, check=True, capture_output=True)

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "All")

    def make():
        command = ["make", "--old-file=.venv/.complete", "BIN=bin", "archive"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    make.place = tmp_path
    return make


def test_an_archive_is_the_same_bytes_whenever_it_is_made(archiving):
    packed = archiving.place / f"build/ngd-posterior-{ngd.__version__}.tar"
    told = []
    for _ in range(2):
        run = archiving()
        assert run.returncode == 0, run.stderr
        told.append(packed.with_suffix(".tar.sha256").read_text())
        os.utime(archiving.place / "Makefile", (0, 0))
    assert told[0] == told[1]
    assert told[0].split() == [hashlib.sha256(packed.read_bytes()).hexdigest(), packed.name]
    with tarfile.open(packed) as archive:
        folder = f"ngd-posterior-{ngd.__version__}"
        assert {f"{folder}/Makefile", f"{folder}/crate.zip"} <= {*archive.getnames()}
        crate = archive.extractfile(f"{folder}/crate.zip").read().decode()
    epoch, *arguments = crate.split()
    assert int(epoch) > 1e9
    assert arguments[:2] == ["--directory", "build/archive"]
    assert arguments[-1] == "crate"


def test_an_archive_of_changes_is_refused_in_a_line(archiving):
    (archiving.place / "new.py").touch()
    run = archiving()
    assert run.returncode != 0
    assert "make: changes are not allowed in an archive; must be committed" in run.stderr
    assert not (archiving.place / "build").exists()


def test_images_are_built_from_files_that_are_there_and_from_the_lock():
    docker = (ROOT / "Dockerfile").read_text("utf-8")
    assert "make .venv/.complete" in docker
    assert 'CMD ["make", "figures"]' in docker
    apptainer = (ROOT / "apptainer.def").read_text("utf-8")
    assert "make -C /ngd-posterior .venv/.complete" in apptainer
    listed = apptainer.partition("%files\n")[2].partition("\n\n")[0].splitlines()
    held = {line.split()[0] for line in listed}
    assert all((ROOT / name).exists() for name in held)
    assert all(line.split()[1] == f"/ngd-posterior/{line.split()[0]}" for line in listed)
    assert {"requirements.lock", "environment.yml", "workflow", "results/reference"} <= held
    base = re.search(r"^ARG BASE=docker.io/library/(\S+)$", docker, re.MULTILINE)
    assert f"From: {base[1]}\n" in apptainer
