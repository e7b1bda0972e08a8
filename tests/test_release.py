"""What a release says of itself is the same everywhere, and the workflow catalogue reads it."""

import importlib.metadata
import json
import re
import subprocess
import tomllib
from pathlib import Path

import yaml

import ngd
from artifact.records import locked

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


def test_an_archive_of_changes_is_refused_in_a_line(tmp_path):
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    make = ["make", "--old-file=.venv/.complete", "archive"]
    run = subprocess.run(make, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode != 0
    assert "make: changes are not allowed in an archive; must be committed" in run.stderr
    assert not (tmp_path / "build").exists()


def test_the_environment_of_conda_holds_the_lock():
    """Conda's own packages are Python and pip; each other one is the lock's, by its hashes."""
    text = (ROOT / "environment.yml").read_text("utf-8")
    assert text == locked.conda()
    *own, pip = yaml.safe_load(text)["dependencies"]
    assert [name.split()[0] for name in own] == ["python", "pip"]
    lines = [line.partition(" --hash=")[0].strip() for line in pip["pip"]]
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert lines == re.findall(r"^(\w[^\\\n]*?) *\\$", lock, re.MULTILINE)
    assert sum(line.count("--hash=sha256:") for line in pip["pip"]) == lock.count("--hash=sha256:")
    assert "://" not in text


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
