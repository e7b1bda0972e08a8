"""Ways to a wrong number or to a wall of text, from public reports: each ends right, or in a line.

What needs no Snakemake is tested in tests/artifact/test_cases_*.py.
"""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.workflow import forks
from tests.workflow.conftest import Clone

from artifact.engine import device
from artifact.records import files, integrity

ROOT = Path(__file__).parents[2]
PLAIN = ("--cores", "1", "--config")
SMOKE = (*PLAIN, "scale=smoke")
ARCHIVE = (*PLAIN, "scale=paper", "from=reference")
SOUND = "This was a dry-run"


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """A clone for jobs that take seconds: what is drawn and judged from the archive."""
    return Clone(tmp_path_factory.mktemp("archive"))


def planned(run):
    """Of a dry run that must succeed: all that it says."""
    assert run.returncode == 0, run.stderr
    assert SOUND in run.stdout + run.stderr
    return run.stdout + run.stderr


def refused(run, beginning):
    """The one line of a refusal, the last on the screen."""
    lines = run.stderr.strip().splitlines()
    assert run.returncode != 0, run.stderr
    assert "Traceback" not in run.stderr
    assert lines[-1].startswith(beginning), lines[-1]
    assert sum(line.startswith(beginning) for line in lines) == 1
    return lines[-1]


def digests(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


# What runs, and where


def test_the_code_beside_the_snakefile_plans_and_runs_whatever_is_installed(archive, tmp_path):
    """As in a second checkout (git worktree) with the first one's environment: jobs too."""
    other = tmp_path / "other/src"
    shutil.copytree(ROOT / "src", other)
    for module in ("catalogue.py", "figures/fig1/draw_fig1.py"):
        (other / "artifact" / module).write_text("raise RuntimeError('of the other checkout')\n")
    drawn = archive.path / "src/artifact/figures/fig1/draw_fig1.py"
    own = drawn.read_text()
    drawn.write_text("raise RuntimeError('of this checkout')\n")
    try:
        run = archive.snakemake(*ARCHIVE, "--", "figures/fig1.pdf", PYTHONPATH=str(other))
    finally:
        drawn.write_text(own)
    assert run.returncode != 0
    assert "of this checkout" in run.stderr
    assert "of the other checkout" not in run.stderr


def test_code_that_was_imported_from_elsewhere_before_is_refused(clone):
    program = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import artifact\n"
        "from snakemake.cli import main; main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", program, ROOT / "src", "--dry-run", *SMOKE]
    run = subprocess.run(command, cwd=clone.path, capture_output=True, text=True)
    refused(run, "artifact: ")


def test_it_runs_from_another_folder_and_without_utf_8(archive, tmp_path):
    """What is shipped lies beside the Snakefile; what is made, where Snakemake was started."""
    before = digests(archive.path / "results/reference")
    command = ["-s", str(archive.path / "Snakefile"), *ARCHIVE, "--", "claims"]
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", *command],
        cwd=tmp_path,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    made, archived = (
        path.read_text("utf-8").count(",reproduced,")
        for path in (
            tmp_path / "results/paper/claims.csv",
            ROOT / "results/reference/paper/claims.csv",
        )
    )
    assert made == archived > 0
    assert digests(archive.path / "results/reference") == before
    everything = (*command[:-1], "crate", "check")
    planned(forks.run(tmp_path, "--dry-run", *everything, sources=archive.path / "src"))


@pytest.mark.parametrize("renamed", ["", " as ours_*"])
def test_it_is_a_module_of_another_workflow(clone, tmp_path, renamed):
    """With a folder config/ of its deployer's."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("a: 1\n")
    (tmp_path / "Snakefile").write_text(
        f'module ngd:\n    snakefile: "{clone.path}/workflow/Snakefile"\n    config: config\n\n\n'
        f"use rule * from ngd{renamed}\n"
    )
    targets = ("figures/fig3.pdf", "results/smoke/crate.zip")
    run = forks.run(tmp_path, "--dry-run", *SMOKE, "--", *targets, sources=tmp_path)
    told = planned(run)
    prefix = "ours_" if renamed else ""
    # Figs 3 and 4b, each by two readings of T.
    assert re.search(rf"^{prefix}ngd_sweep +4$", told, re.MULTILINE)
    assert re.search(rf"^{prefix}crate +1$", told, re.MULTILINE)


def test_a_folder_that_can_not_be_written_is_refused_in_a_line(clone):
    program = (
        f"mount --bind {clone.path} {clone.path} && mount -o remount,ro,bind {clone.path} && "
        f"cd {clone.path} && exec {sys.executable} -m snakemake {' '.join(SMOKE)}"
    )
    alone = ["unshare", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"]).returncode:
        pytest.skip("cannot mount here")
    if (clone.path / ".snakemake").exists():
        shutil.rmtree(clone.path / ".snakemake")
    run = subprocess.run([*alone, "bash", "-c", program], capture_output=True, text=True)
    refused(run, "directory: ")


# The archive


def test_an_archive_that_git_or_a_user_changed_is_refused_and_never_removed(tmp_path):
    clone = Clone(tmp_path)
    folder = clone.path / "results/reference/paper"
    table = folder / "fig3.csv"
    table.write_bytes(table.read_bytes().replace(b"\n", b"\r\n"))
    before = digests(folder)
    for target in ("claims", "figures/fig3.pdf"):
        line = refused(forks.run(clone.path, *ARCHIVE, "--", target), "archive: ")
        assert "fig3.csv" in line
    table.unlink()
    assert "fig3.csv" in refused(forks.run(clone.path, *ARCHIVE, "--", "claims"), "archive: ")
    del before[Path("fig3.csv")]
    assert digests(folder) == before


def test_no_command_of_snakemake_removes_what_is_archived(archive):
    folder = archive.path / "results/reference"
    before = digests(folder)
    targets = ("report", "crate", "archive", "accept", "supplement", "figures")
    for settings in (ARCHIVE, (*PLAIN, "scale=paper", "data=mnist-5000", "test_images=500")):
        run = forks.run(archive.path, "--delete-all-output", *settings, "--", *targets)
        assert "Traceback" not in run.stderr
    assert digests(folder) == before


@pytest.mark.parametrize("settings", [("seed=7",), ("fig3={repeats: 5, temperatures: [1.0]}",)])
def test_other_settings_than_the_archived_are_refused(clone, settings):
    run = forks.run(clone.path, "--dry-run", *ARCHIVE, *settings, "--", "figures/fig3.pdf")
    refused(run, "config: ")


def test_a_scale_that_is_not_archived_is_refused(clone):
    run = forks.run(clone.path, "--dry-run", *SMOKE, "from=reference", "--", "claims")
    assert refused(run, "config: scale = 'smoke' is not allowed").endswith(
        "must be archived: fashion, paper"
    )


def test_verdicts_are_accepted_into_the_archive_and_checked_against_its_seal(tmp_path):
    clone = Clone(tmp_path)
    archived = clone.path / "results/reference/paper/claims.csv"
    forged = archived.read_text("utf-8").replace(",inconclusive,", ",reproduced,")
    archived.write_text(forged, encoding="utf-8")
    # As if just judged, so that all but the seal would let it pass.
    (clone.path / "results/paper").mkdir()
    (clone.path / "results/paper/claims.csv").write_text(forged, encoding="utf-8")
    run = forks.run(clone.path, "--retries", "0", *PLAIN, "scale=paper", "--", "check")
    assert run.returncode != 0
    assert run.stderr.strip().splitlines()[-1].startswith("archive: claims.csv")
    run = forks.run(clone.path, *PLAIN, "scale=paper", "--", "accept")
    assert run.returncode == 0, run.stderr
    integrity.verify_archive(archived.parent)
    assert archived.read_text("utf-8") == forged


# Devices and packages


GPU = ("--workflow-profile", "profiles/gpu", "--config", "scale=smoke")


def test_a_gpu_that_the_profile_promises_survives_other_settings(clone):
    """Whatever is given by --config, every training job asks for one, and none falls back."""
    told = planned(forks.run(clone.path, "--dry-run", *GPU, "seed=3", "--", "figures/fig3.pdf"))
    (sweep,) = re.findall(r"rule ngd_sweep:.*?resources: ([^\n]*)", told, re.DOTALL)
    assert "gpu=1" in sweep
    run = forks.run(clone.path, "--dry-run", *GPU, "device=cpu", "--", "figures/fig3.pdf")
    refused(run, "config: device = 'cpu' is not allowed with resources gpu = 1")
    own = clone.path.parent / "own.yaml"
    own.write_text("seed: 3\n")
    run = forks.run(clone.path, "--dry-run", *GPU, "--configfile", str(own), "--", "figures")
    refused(run, "config: device = 'cpu' is not allowed with resources gpu = 1")


@pytest.mark.skipif(not device.lacks_gpu(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused_before_any_job(clone):
    run = forks.run(clone.path, *GPU, "seed=3", "--", "figures/fig3.pdf")
    refused(run, "config: device = 'gpu' is not allowed here; must be cpu")
    assert not list(clone.path.glob("results/smoke/points/*/*"))


def test_a_package_that_shadows_the_locked_one_is_told_once(clone, tmp_path):
    found = tmp_path / "numpy-2.2.6.dist-info/METADATA"
    found.parent.mkdir()
    found.write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 2.2.6\n")
    run = forks.run(clone.path, "--dry-run", *SMOKE, "--", "figures/fig3.pdf", sources=tmp_path)
    planned(run)
    told = [line for line in run.stderr.splitlines() if line.startswith("python: ")]
    assert len(told) == 1
    assert "numpy 2.2.6 (locked: " in told[0]


def test_jobs_say_how_much_memory_they_take(clone):
    """So that --resources mem_mb=... keeps as many from running as do not fit."""
    run = forks.run(clone.path, "--dry-run", *SMOKE, "--", "figures/fig6.pdf", "figures/fig7.pdf")
    told = re.findall(r"rule (mlp|cnn|warm_start):.*?mem_mb=(\d+)", planned(run), re.DOTALL)
    assert {*told} == {("mlp", "1000"), ("cnn", "2000"), ("warm_start", "2000")}


# Figures


def test_a_figure_is_the_same_whatever_a_users_matplotlib_is_told(archive, tmp_path):
    rc = tmp_path / "matplotlibrc"
    rc.write_text("axes.facecolor: red\nfont.size: 30\nlines.linewidth: 9\nbackend: TkAgg\n")
    target = ("--", "figures/fig5.pdf")
    assert archive.snakemake(*ARCHIVE, *target).returncode == 0
    plain = {path: path.read_bytes() for path in (archive.path / "figures").glob("fig5.*")}
    told = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "MATPLOTLIBRC": str(rc)}
    run = archive.snakemake("--forcerun", "plot", *ARCHIVE, *target, **told)
    assert run.returncode == 0, run.stderr[-3000:]
    assert len(plain) == 3
    for path, content in plain.items():
        assert path.read_bytes() == content


# What is known before jobs is refused before them; the last line is ours


def test_mnist_is_asked_for_where_it_is_read(tmp_path):
    """Not by runs of the embedded images, nor by unlocking, nor by a node that lacks the folder."""
    clone = Clone(tmp_path / "clone")
    nowhere = {"MNIST_DIR": str(tmp_path / "nowhere")}
    paper = ("--dry-run", *PLAIN, "scale=paper", "fig5={repeats: 5}")
    planned(forks.run(clone.path, "--dry-run", *SMOKE, "--", "figures/fig5.pdf", **nowhere))
    planned(forks.run(clone.path, *paper, "--", "figures/fig3.pdf", **nowhere))
    run = forks.run(clone.path, "--unlock", *PLAIN, "scale=paper", **nowhere)
    assert run.returncode == 0, run.stderr
    run = forks.run(clone.path, *paper, "--", "figures/fig5.pdf", **nowhere)
    refused(run, f"config: MNIST_DIR = '{tmp_path}/nowhere' is not allowed; must be a folder")
    run = forks.run(clone.path, *paper[:-1], f"mnist_dir={tmp_path}", "--", "figures/fig5.pdf")
    assert "train-images-idx3-ubyte" in refused(run, f"mnist_dir: {tmp_path}: ")
    # Of another data set its own variable is read, and not MNIST's.
    other = ("--dry-run", *PLAIN, "scale=fashion", "--", "figures/fig5.pdf")
    planned(forks.run(clone.path, *other, **nowhere))
    run = forks.run(clone.path, *other, FASHION_MNIST_DIR=str(tmp_path))
    assert "train-images-idx3-ubyte" in refused(run, f"FASHION_MNIST_DIR: {tmp_path}: ")
    images = clone.path / "results/paper/data/mnist.npz"
    images.parent.mkdir(parents=True)
    images.touch()
    run = forks.run(clone.path, *paper, "--", "figures/fig5.pdf", **nowhere)
    assert "mnist" not in re.findall(r"^(\w+) +\d+$", planned(run), re.MULTILINE)


def test_points_that_are_none_are_refused_in_a_line(clone):
    target = "results/smoke/points/fig3/N99_eps0.1_seed0.csv"
    refused(forks.run(clone.path, "--dry-run", *SMOKE, "--", target), "fig3/N99_eps0.1_seed0 is no")


def test_a_claim_that_can_not_be_judged_is_refused_before_any_job(tmp_path):
    clone = Clone(tmp_path)
    path = clone.path / "workflow/claims.yaml"
    text = path.read_text("utf-8").replace("between: [0.9, 1.1]", "between: [1.1, 0.9]", 1)
    path.write_text(text, encoding="utf-8")
    run = forks.run(clone.path, *SMOKE, "--", "figures/fig3.pdf")
    refused(run, "claims.yaml: claim F1-langevin: between = [1.1, 0.9] is not allowed")


@pytest.mark.parametrize("retries", ["0", "1"])
def test_a_damaged_table_is_the_last_thing_on_the_screen(tmp_path, retries):
    clone = Clone(tmp_path)
    folder = clone.path / "results/smoke/tables"
    folder.mkdir(parents=True)
    tables = [folder / f"fig1_{name}.csv" for name in ("iterates", "ellipses")]
    for table in tables:
        shutil.copyfile(clone.path / "results/reference/paper" / table.name, table)
    files.write_json(integrity.seal({"data": "simulated"}, tables), folder / "fig1.json")
    tables[1].write_bytes(tables[1].read_bytes().replace(b"1", b"2", 1))
    run = forks.run(clone.path, "--retries", retries, *SMOKE, "--", "figures/fig1.pdf")
    line = run.stderr.strip().splitlines()[-1]
    assert run.returncode != 0
    assert line == (
        "damaged, and removed: results/smoke/tables/fig1_ellipses.csv; "
        "the same command makes it again"
    )
    assert "artifact/records" not in run.stderr  # no stack of ours


# The environment


@pytest.fixture
def making(tmp_path):
    """A checkout whose `make` would make its environment by a Python that only tells its calls."""

    def make(*arguments, folder="checkout", lacking=0, building=0, **variables):
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        for name in ("Makefile", "requirements.lock", "pyproject.toml"):
            shutil.copyfile(ROOT / name, place / name)
        python = tmp_path / "python"
        python.write_text(
            f'#!/bin/sh\ncase "$2" in *sysconfig*) exit {building};; esac\n'
            f'[ "$1" != -c ] || exit {lacking}\necho "$@" >> calls\nenv >> calls\n'
            '[ "$2" != venv ] || { mkdir -p .venv/bin; cp "$0" .venv/bin/python; }\n'
        )
        python.chmod(python.stat().st_mode | stat.S_IXUSR)
        return subprocess.run(
            ["make", f"PYTHON={python}", *arguments],
            cwd=place,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
        )

    make.place = tmp_path
    return make


def test_packages_come_from_the_lock_into_the_environment_whatever_pip_is_told(making):
    told = {
        "PIP_USER": "1",
        "PIP_TARGET": "/elsewhere",
        "PIP_PREFIX": "/elsewhere",
        "PIP_CONSTRAINT": "/no/file",
        "PYTHONPATH": "/elsewhere",
        "PYTHONHOME": "/elsewhere",
    }
    run = making(".venv/.complete", **told)
    assert run.returncode == 0, run.stderr
    calls = (making.place / "checkout/calls").read_text().splitlines()
    assert sum("install" in line and "--require-hashes" in line for line in calls) == 1
    assert calls.count("PIP_USER=0") == 3  # venv, lock, ourselves
    for name in told:
        assert name == "PIP_USER" or not any(line.startswith(f"{name}=") for line in calls)


def test_a_path_with_a_space_is_refused_before_anything_is_installed(making):
    run = making("figures", folder="my papers")
    assert run.returncode != 0
    assert "my papers is not allowed; must be without white space" in run.stderr
    assert not (making.place / "my papers/calls").exists()


def test_a_python_without_venv_is_refused_in_a_line(making):
    """As Debian's without python3-venv."""
    run = making("figures", lacking=1)
    assert run.returncode != 0
    assert "lacks its module venv; install it (Debian: python3-venv) or set PYTHON" in run.stderr
    assert not (making.place / "checkout/calls").exists()


def test_a_python_for_which_a_package_is_built_asks_for_a_compiler(making, tmp_path):
    """Seen with Debian's 3.14: immutables, which Snakemake asks for, has no wheel for it."""
    run = making("figures", building=1)
    assert run.returncode != 0
    assert "asks for cc and Python.h; install them (Debian: gcc, python3-dev)" in run.stderr
    assert not (making.place / "checkout/calls").exists()
    shown = making("--no-print-directory", "--eval", "show: ; @printf '%s' $(BUILDS)", "show")
    for version, built in (((3, 13), 0), ((3, 14), 1)):
        told = f"import sys; sys.version_info = {version}; exec({shown.stdout!r})"
        run = subprocess.run([sys.executable, "-c", told], env={"PATH": str(tmp_path)})
        assert run.returncode == built


def test_an_environment_is_made_again_when_it_was_moved_or_its_python_is_gone(making):
    def remade():
        run = making("--dry-run", "figures")
        assert run.returncode == 0, run.stderr
        return "-m venv .venv" in run.stdout

    assert remade()
    programs = making.place / "checkout/.venv/bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    snakemake = programs / "snakemake"
    snakemake.write_text(f"#!{programs}/python\n")
    complete = programs.parent / ".complete"
    complete.touch()
    os.utime(complete, (2**32, 2**32))
    assert not remade()
    snakemake.write_text("#!/where/it/was/.venv/bin/python\n")
    assert remade()
    snakemake.write_text(f"#!{programs}/python\n")
    (programs / "python").unlink()
    (programs / "python").symlink_to("/gone/python3.11")
    assert remade()


def test_the_environment_can_be_removed_alone(making):
    run = making("--dry-run", "--no-print-directory", "clean-environment")
    assert run.stdout == "rm -rf .venv\n"
