"""Each shell line that the documents show runs as it stands; tests/ngd has the example."""

import json
import re
import stat
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from tests import pages
from tests.workflow import forks
from tests.workflow.conftest import Clone

import ngd

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
README = ROOT / "README.md"
PAGES = [
    README,
    ROOT / "ARTIFACT.md",
    ROOT / "CONTRIBUTING.md",
    *(ROOT / page for page in pages.PAGES),
]
NO_SHELL = {"python", "text", "mermaid"}

PROGRAMS = (
    "snakemake", "make", "python", "git", "docker", "apptainer", "conda", "pip-audit", "tmux",
)  # fmt: skip
"""Those that a line may call; a test below says what each is checked for."""


def shell_lines(text):
    """Each line of the code blocks that are not marked as something else, and inline commands."""
    for token in MarkdownIt().enable("table").parse(text):
        # A fence in braces is a directive of the site.
        shell = token.info not in NO_SHELL and not token.info.startswith("{")
        if token.type == "code_block" or (token.type == "fence" and shell):
            lines = (re.sub(r"(^|\s+)#.*", "", line).strip() for line in token.content.splitlines())
            yield from filter(None, lines)
        for child in token.children or []:
            called = re.match(r"(?:[A-Z_]+=\S+ )*(\S+) \S", child.content)
            if child.type == "code_inline" and called and called[1] in PROGRAMS:
                yield child.content


LINES = sorted({line for page in PAGES for line in shell_lines(page.read_text("utf-8"))})


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """A clone beside which are MNIST's files, by name, and an environment that `.` can enter."""
    clone = Clone(tmp_path_factory.mktemp("documents"))
    (clone.path / ".venv/bin").mkdir(parents=True)
    (clone.path / ".venv/bin/activate").symlink_to(BIN / "activate")
    mnist = clone.path.parent / "mnist"
    mnist.mkdir()
    for kind in ("train", "t10k"):
        for name in ("images-idx3-ubyte", "labels-idx1-ubyte"):
            (mnist / f"{kind}-{name}").touch()
    return clone


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    """A folder of programs that only tell how they are called."""
    folder = tmp_path_factory.mktemp("stubs")
    for name in PROGRAMS:
        path = folder / name
        told = f"[{name!r}, sys.argv[1:], os.environ.get('MNIST_DIR', '')]"
        path.write_text(f"#!{sys.executable}\nimport json, os, sys\nprint(json.dumps({told}))\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return folder


def calls(line, checkout, stubs):
    """What the shell makes of a line: program, arguments and MNIST_DIR of each call."""
    line = line.replace("/path/to/mnist", str(checkout.path.parent / "mnist"))
    entered = line.replace(". .venv/bin/activate", "test -e .venv/bin/activate")
    shell = subprocess.run(
        ["/bin/bash", "-euc", entered],
        cwd=checkout.path,
        env={"PATH": str(stubs)},
        capture_output=True,
        text=True,
    )
    assert shell.returncode == 0, shell.stderr
    return [json.loads(told) for told in shell.stdout.splitlines()]


def check_snakemake(arguments, mnist, checkout):
    """In seconds from the archive, it is run; else planned."""
    if "--report" in arguments:
        # Of results that are not here; tests/workflow/test_run.py has one.
        place = arguments.index("--report")
        arguments = arguments[:place] + arguments[place + 2 :]
    if "from=reference" in arguments:
        run = checkout.snakemake("--cores", "1", *arguments)
    else:
        # First, so that it is no target nor a setting.
        dry = () if "--lint" in arguments else ("--dry-run",)
        variables = {"MNIST_DIR": mnist} if mnist else {}
        run = planned(checkout.path, *dry, *arguments, **variables)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Traceback" not in run.stderr


planned = cache(forks.run)


def check_make(arguments, mnist, checkout):
    """Its recipe is there, and what the recipe calls."""
    made = ["make", "--dry-run", "--old-file=.venv/.complete", "--file=Makefile", *arguments]
    run = subprocess.run(made, cwd=checkout.path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    for line in run.stdout.splitlines():
        words = line.replace("FAULTS=nightly ", "").split()
        if not words or not words[0].startswith(".venv/bin/"):
            continue
        program, *given = words
        name = Path(program).name
        assert (BIN / name).exists() or name == "python", line
        if name == "snakemake":
            check_snakemake(given, mnist, checkout)
        if name == "python":
            check_python(given, mnist, checkout)


def check_python(arguments, mnist, checkout):
    """The module or file is there."""
    if arguments[0] == "-m":
        assert find_spec(arguments[1]) is not None, arguments
        given = arguments[2:]
    else:
        given = arguments
    for path in given:
        if re.fullmatch(r"(tests|benchmarks)/\S+", path):
            assert (checkout.path / path).exists(), path


def check_git(arguments, mnist, checkout):
    """What it is to restore is there; a tag is the version's."""
    if arguments[0] == "tag":
        assert arguments[-1] == f"v{ngd.__version__}"
        return
    assert arguments[:2] == ["checkout", "--"]
    assert (ROOT / arguments[2]).exists()


def check_image(arguments, mnist, checkout):
    """What it is made of is there; the image that runs is the one that is built."""
    if arguments[0] == "build" and arguments[-1] == ".":
        assert (ROOT / "Dockerfile").exists()
        assert arguments[1:3] == ["--tag", "ngd-posterior"]
    elif arguments[0] == "run":
        assert arguments[-1].removesuffix(".sif") == "ngd-posterior"
    elif arguments[0] != "activate":
        assert (ROOT / arguments[-1]).exists()


def check_nothing(arguments, mnist, checkout):
    """Of programs that want the network or a terminal."""


CHECKS = {
    "snakemake": check_snakemake,
    "make": check_make,
    "python": check_python,
    "git": check_git,
    "docker": check_image,
    "apptainer": check_image,
    "conda": check_image,
    "pip-audit": check_nothing,
    "tmux": check_nothing,
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_a_document_runs(line, checkout, stubs):
    for program, arguments, mnist in calls(line, checkout, stubs):
        CHECKS[program](arguments, mnist, checkout)


def test_the_pages_have_lines_and_a_wrong_one_is_found(checkout, stubs):
    """The test of the test: a line that ended in a traceback, and a program that there is not."""
    assert len(LINES) > 30
    text = "```sh\nsnakemake --config scale=paper figures/fig5.pdf\n```\n\n    snakemaek -n\n"
    wrong, unknown = shell_lines(text)
    ((_, arguments, mnist),) = calls(wrong, checkout, stubs)
    with pytest.raises(AssertionError, match="Unparsable value"):
        check_snakemake(arguments, mnist, checkout)
    with pytest.raises(AssertionError, match="not found"):
        calls(unknown, checkout, stubs)
    with pytest.raises(AssertionError, match="No rule to make target"):
        check_make(["figuers"], "", checkout)
