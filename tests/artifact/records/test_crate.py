"""The crate against the profile that it claims to conform to."""

import json
import os
import zipfile
from pathlib import Path

import pytest
import rocrate
from rocrate_validator import models, services
from rocrate_validator.utils import document_loader

from artifact.records import crate, provenance

TERMS = "https://bioschemas.org/"


def record(commit="c0ffee", version="9.27.1"):
    return {"versions": {"snakemake": version, "jax": "0.1"}, "commit": commit}


@pytest.fixture
def described(tmp_path):
    """A crate of made-up files, unpacked."""
    root = tmp_path / "project"
    names = ("Snakefile", "README.md", "CONTRIBUTING.md", "config/paper.yaml", "config/quick.yaml")
    workflow = [Path(name) for name in names]
    results = [Path("figures/fig1.pdf"), Path("results/paper/claims.csv")]
    for path in (*workflow, *results):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"this is {path}\n")
    records = [record(), {"points": [record(), record("beef")]}]
    content = crate.describe(root, workflow, results, "paper", records)
    crate.pack(content, tmp_path / "crate.zip")
    with zipfile.ZipFile(tmp_path / "crate.zip") as packed:
        packed.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked"


def test_it_is_a_valid_workflow_run_crate(described, monkeypatch):
    # The validator would fetch the terms of version 1.1; rocrate holds those of 1.3, the same
    # but for the addresses of two.
    held = json.loads((Path(rocrate.__file__).parent / "data/ro-crate.jsonld").read_text())
    for term in ("ComputationalWorkflow", "FormalParameter"):
        held["@context"][term] = TERMS + term
    monkeypatch.setattr(document_loader, "_fetch_json_ld", lambda address: held)
    settings = models.ValidationSettings(
        rocrate_uri=str(described),
        profile_identifier="workflow-run-crate-0.5",
        requirement_severity=models.Severity.RECOMMENDED,
        # These two ask the network for the terms by themselves.
        skip_checks=["ro-crate-1.1_3.1", "ro-crate-1.1_3.2"],
    )
    found = services.validate(settings)
    # The workflow is a file of the crate, so its id is no absolute URI.
    assert {i.check.identifier for i in found.get_issues()} == {"process-run-crate-0.5_5.1"}
    settings.requirement_severity = models.Severity.REQUIRED
    assert services.validate(settings).passed()
    (described / "Snakefile").unlink()
    assert not services.validate(settings).passed()


def test_it_holds_every_file_and_says_what_was_run_and_made(described):
    graph = json.loads((described / "ro-crate-metadata.json").read_text())["@graph"]
    by_id = {entity["@id"]: entity for entity in graph}
    assert (described / "figures/fig1.pdf").read_text() == "this is figures/fig1.pdf\n"
    run = by_id["#run"]
    assert run["instrument"] == {"@id": "Snakefile"}
    assert run["object"] == [{"@id": "config/paper.yaml"}, {"@id": "config/quick.yaml"}]
    assert {made["@id"] for made in run["result"]} == {
        "figures/fig1.pdf",
        "results/paper/claims.csv",
    }
    assert "beef, c0ffee" in run["description"]
    assert by_id[crate.HOMES["jax"]]["softwareVersion"] == "0.1"


def test_its_bytes_depend_on_the_time_told_and_not_on_when_or_where_it_is_made(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    packed = []
    for number in range(2):
        root = tmp_path / str(number)
        names = ("Snakefile", "README.md", "config/a.yaml", "results/b.csv")
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(name)
            os.utime(root / name, (number * 1000, number * 1000))
        *workflow, result = map(Path, names)
        crate.pack(
            crate.describe(root, workflow, [result], "paper", [record()]), root / "crate.zip"
        )
        packed.append((root / "crate.zip").read_bytes())
    assert packed[0] == packed[1]
    assert b"2023-11-14" in packed[0]


def test_all_software_that_provenance_names_has_a_home():
    assert crate.HOMES.keys() == {"python", *provenance.PACKAGES}


def test_a_package_that_jobs_ran_in_several_versions_has_them_all():
    versions, commits = crate.versions_of([record(), record(commit="beef", version="9.28")])
    assert versions == {"snakemake": "9.27.1, 9.28", "jax": "0.1"}
    assert commits == ["beef", "c0ffee"]
