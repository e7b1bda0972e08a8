"""What is kept is what was written, of whom it says it is, and nobody's to delete."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.artifact import small

from artifact import catalogue
from artifact.problems import mnist
from artifact.records import crate, integrity, locked, provenance, report

ROOT = Path(__file__).parents[2]


@pytest.fixture
def archive(tmp_path):
    """A small one, sealed: a record without a seal of its own, as the first ones are."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "fig3.csv").write_text("T,mean\n1.0,0.25\n")
    (folder / "fig3.json").write_text("{}\n")
    (folder / "claims.csv").write_text("claim,verdict\nF3,reproduced\n")
    integrity.seal_archive(folder)
    return folder


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("scale", ["paper", "quick"])
def test_what_is_archived_is_as_it_was_sealed(scale):
    folder = ROOT / "results/reference" / scale
    integrity.verify_archive(folder)
    # By other means, and with nothing left out.
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    listed = [line.split()[1] for line in (folder / "SHA256SUMS").read_text().splitlines()]
    held = (path for path in folder.rglob("*") if path.is_file())
    assert {*listed, "SHA256SUMS"} == {path.relative_to(folder).as_posix() for path in held}


@pytest.mark.parametrize("name", ["fig3.csv", "fig3.json", "claims.csv"])
@pytest.mark.parametrize("done", ["a digit changed", "line ends changed", "removed"])
def test_an_archive_that_was_touched_is_refused_and_left(archive, name, done):
    path = archive / name
    if done == "removed":
        path.unlink()
    elif done == "a digit changed":
        path.write_bytes(path.read_bytes() + b"1")
    else:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    before = contents(archive)
    for _ in range(2):
        with pytest.raises(integrity.DamagedError, match=f"archive: {name} of .*git restores"):
            integrity.verify_archive(archive)
    assert contents(archive) == before


def test_what_was_added_or_never_sealed_is_refused(archive):
    (archive / "fig9.csv").write_text("more\n")
    with pytest.raises(integrity.DamagedError, match=r"fig9\.csv"):
        integrity.verify_archive(archive)
    (archive / "SHA256SUMS").unlink()
    with pytest.raises(integrity.DamagedError, match=r"SHA256SUMS is missing"):
        integrity.verify_archive(archive)


def test_a_reader_that_finds_an_archived_table_damaged_leaves_it(archive):
    table, record = archive / "fig3.csv", archive / "fig3.json"
    integrity.files.write_json(integrity.seal({}, [table]), record)
    integrity.seal_archive(archive)
    table.write_text("T,mean\n1.0,0.15\n")
    before = contents(archive)
    with pytest.raises(integrity.DamagedError, match="git restores what is archived"):
        integrity.verify([table, record])
    assert contents(archive) == before


def test_a_missing_result_is_named(tmp_path):
    with pytest.raises(integrity.DamagedError, match=r"missing: .*fig3\.csv"):
        integrity.verify([tmp_path / "fig3.csv"])


def git(folder, *arguments):
    alone = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    command = ["git", *who, *arguments]
    run = subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A module of ours in a repository, of whose commits it tells."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "other.txt").touch()
    git(folder, "add", "other.txt")
    git(folder, "commit", "--quiet", "-m", "another's")
    module = folder / "provenance.py"
    module.touch()
    monkeypatch.setattr(provenance, "__file__", str(module))
    return folder


def test_a_commit_of_the_repository_around_us_is_not_ours(sources):
    assert provenance.commit() == ""


def test_a_commit_of_ours_tells_changes(sources):
    git(sources, "add", "provenance.py")
    git(sources, "commit", "--quiet", "-m", "ours")
    assert provenance.commit() == git(sources, "rev-parse", "HEAD")
    (sources / "provenance.py").write_text("changed\n")
    assert provenance.commit() == git(sources, "rev-parse", "HEAD") + "+changes"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_refusal_of_git_is_told_from_no_repository(sources):
    git(sources, "add", "provenance.py")
    git(sources, "commit", "--quiet", "-m", "ours")
    for path in [sources, *sources.rglob("*")]:
        os.chown(path, 12345, 12345)
    assert provenance.commit() == "git refused: the folder is another user's"


def test_git_changes_no_byte_of_a_checkout(tmp_path):
    """Whatever core.autocrlf says: the archive's bytes are hashed, and make reads no CRLF."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "--quiet")
    table = Path("results/reference/quick/claims.csv")
    for name in (Path(".gitattributes"), Path("Makefile"), Path("requirements.lock"), table):
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, origin / name)
    git(origin, "add", ".")
    git(origin, "commit", "--quiet", "-m", "all")
    git(tmp_path, "clone", "--quiet", "-c", "core.autocrlf=true", "origin", "copy")
    for name in (Path("Makefile"), Path("requirements.lock"), table):
        assert (tmp_path / "copy" / name).read_bytes() == (ROOT / name).read_bytes()


def test_a_crate_is_of_a_run_in_another_folder_too(tmp_path):
    """Each file under its own path: the checkout's, and those of the folder of the run."""
    run, checkout = tmp_path / "run", tmp_path / "checkout"
    held = ["Snakefile", "README.md", "config/paper.yaml", "results/reference/paper/fig1.csv"]
    for path in [*(checkout / name for name in held), run / "figures/fig1.pdf"]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"this is {path.name}\n")
    record = {"versions": {"snakemake": "9"}, "commit": "", "data": "simulated", "seconds": 1.0}
    home = Path("../checkout")
    *workflow, table = (home / name for name in held)
    results = [table, Path("figures/fig1.pdf")]
    crate.describe(run, workflow, results, "paper", [record], home).write(tmp_path / "crate")
    for name in [*held, "figures/fig1.pdf"]:
        assert (tmp_path / "crate" / name).read_text() == f"this is {Path(name).name}\n"


def test_packages_that_are_not_the_locked_ones_are_named(tmp_path):
    installed = version("numpy")
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        f"numpy==0.1 \\\n    --hash=sha256:0\npandas=={version('pandas')}\n"
        "pytest==0.1 ; sys_platform == 'nowhere' \\\n    --hash=sha256:0\nno-such-package==1\n"
    )
    assert locked.differences(lock) == [f"numpy {installed} (locked: 0.1)"]
    assert locked.differences(tmp_path / "none") == []


def test_a_record_tells_them(monkeypatch):
    monkeypatch.setattr(locked, "differences", lambda: ["numpy 2 (locked: 1)"])
    assert provenance.describe({}, "simulated", 0.0, 1)["unlocked"] == ["numpy 2 (locked: 1)"]


@pytest.mark.parametrize("kind", ["a pipe", "a folder", "a link to a device"])
def test_what_is_no_file_is_not_waited_for(tmp_path, kind):
    path = tmp_path / "train-images-idx3-ubyte"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(mnist.DataError, match="train-images-idx3-ubyte: not a regular file"):
        mnist.from_folder(mnist.MNIST, tmp_path)


def test_what_a_folder_lacks_is_known_without_reading_it(tmp_path):
    assert mnist.lacking(tmp_path) == list(mnist.FILES)
    (tmp_path / "train-images.idx3-ubyte.gz").touch()
    (tmp_path / "t10k-labels-idx1-ubyte").touch()
    assert mnist.lacking(tmp_path) == ["train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"]


def test_a_bar_is_kept_whatever_tqdm_is_told(tmp_path):
    program = (
        "import sys; from pathlib import Path; from artifact.engine import progress\n"
        "log = Path(sys.argv[1])\n"
        "progress.plan([str(log)], log.parent)\n"
        "with log.open('w') as stream, progress.bar(stream, 'a job')(3) as advance: advance(3)\n"
        "print(progress.overview(log.parent))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "a.log"],
        env={**os.environ, "TQDM_DISABLE": "1", "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "of 1 jobs 1 done\n"


def test_the_report_and_the_crate_read_every_archived_record():
    """Those of before the points of a job were a list too."""
    found = sorted((ROOT / "results/reference/paper").glob("*.json"))
    records = [json.loads(path.read_text("utf-8")) for path in found]
    kinds = set()
    for path, record in zip(found, records, strict=True):
        jobs = record.get("points", [record])
        module = "artifact.figures.fig1.draw_fig1"
        shown = report.figure(path.stem, module, b"", {path.stem: record})
        kinds |= {"point" in job["settings"] for job in jobs}
        if "points" in record:
            assert all(what.startswith(f"{path.stem}: N = ") for what, _ in shown.jobs), path
        assert all(seconds > 0 for _, seconds in shown.jobs)
    assert kinds == {True, False}
    drawn = {
        name
        for figure in catalogue.FIGURES
        for name in catalogue.records_of(catalogue.drawn(small.config("paper"), figure).values())
    }
    used = [record for path, record in zip(found, records, strict=True) if path.stem in drawn]
    assert len(used) > len(catalogue.FIGURES)
    assert crate.versions_of(used)[0]["jax"]
