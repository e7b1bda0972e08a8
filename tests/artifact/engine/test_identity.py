"""What an experiment's numbers depend on: neither more nor less."""

import ast
import shutil
import subprocess
import sys

import pytest
from tests.artifact import small

from artifact import catalogue
from artifact.engine.identity import closure, identity, meaning

SRC = small.ROOT / "src"
SCRIPT = small.ROOT / "workflow/scripts/chains.py"
MODULES = {
    **{name: entry.module for name, entry in catalogue.EXPERIMENTS.items()},
    "chains": "artifact.engine.chains",
}


def modules(name, root=SRC):
    return {path.relative_to(root).as_posix() for path in closure(name, root)}


LOADING = """
import importlib, sys
from pathlib import Path
src = Path(sys.argv[1]).resolve()
sys.path.insert(0, str(src))
for module in sys.argv[2:]:
    for name in [n for n in sys.modules if n.split(".")[0] in ("artifact", "ngd")]:
        del sys.modules[name]
    importlib.import_module(module)
    files = [getattr(m, "__file__", None) for m in list(sys.modules.values())]
    ours = {Path(f).relative_to(src).as_posix() for f in files if f and Path(f).is_relative_to(src)}
    print(module, *sorted(name for name in ours if not name.endswith("__init__.py")))
"""


class Annotated(ast.NodeTransformer):
    """Fields with an annotation again, without which there is no dataclass."""

    def visit_ClassDef(self, node):
        node.body = [self.field(item) for item in node.body]
        return node

    def field(self, item):
        if not isinstance(item, ast.Assign):
            return item
        empty = isinstance(item.value, ast.Constant) and item.value.value is ...
        value = None if empty else item.value
        return ast.AnnAssign(item.targets[0], ast.Name("object"), value, simple=1)


def runnable(path):
    """A file's meaning as Python that can be run; of a package's `__init__` nothing."""
    if path.name == "__init__.py":
        return ""
    tree = Annotated().visit(meaning(path.read_text(encoding="utf-8")))
    return ast.unparse(ast.fix_missing_locations(tree))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """What Python loads of each module's meaning, the packages' `__init__` blank."""
    root = tmp_path_factory.mktemp("meaning")
    for path in SRC.rglob("*.py"):
        copy = root / path.relative_to(SRC)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(runnable(path), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", LOADING, str(root), *MODULES.values()],
        capture_output=True, text=True, cwd=root,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    lines = [line.split() for line in run.stdout.splitlines()]
    return {module: set(files) for module, *files in lines}


@pytest.mark.parametrize("name", MODULES)
def test_the_closure_is_what_python_really_loads(loaded, name):
    assert modules(MODULES[name]) == loaded[MODULES[name]]


def test_a_sampler_is_a_source_of_its_own_experiments_only():
    langevin = modules("artifact.figures.fig2_3_4.langevin_sweep")
    assert "ngd/samplers/preconditioned_langevin.py" in langevin
    assert "ngd/samplers/stochastic_ngd.py" not in langevin
    mlp = modules("artifact.figures.fig5_6.mlp")
    assert "ngd/samplers/stochastic_ngd.py" in mlp
    assert "ngd/metrics/average.py" not in mlp


@pytest.mark.parametrize("name", MODULES)
def test_no_numbers_depend_on_drawing_progress_checkpoints_or_checks_of_settings(name):
    machinery = ("draw", "progress", "checkpoint", "jobs", "catalogue", "settings", "records")
    found = modules(MODULES[name])
    assert not [path for path in found if any(word in path for word in machinery)]


def test_the_library_imports_nothing_of_the_artifact():
    for path in (SRC / "ngd").rglob("*.py"):
        assert "artifact" not in path.read_text(encoding="utf-8").replace("artifacts", "")


def test_an_unknown_module_is_an_error():
    with pytest.raises(FileNotFoundError, match=r"no module artifact\.nothing"):
        closure("artifact.nothing", SRC)


LIBRARY = '''"""What it says."""

from collections.abc import Mapping
from typing import NamedTuple

from mine import other


class State(NamedTuple):
    """A state."""

    position: float
    memory: float = 0.5


def step(x: float, table: Mapping[str, float]) -> float:
    """Half of it."""
    if x < 0:
        raise ValueError(f"x must be >= 0, got {x}")
    # A half.
    return other.double(x) * 0.25
'''


@pytest.fixture
def mine(tmp_path):
    """A package of ours: what a module and a script mean, after edits."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/other.py").write_text("def double(x):\n    return 2 * x\n")
    (tmp_path / "mine/unused.py").write_text("")
    script = tmp_path / "script.py"
    script.write_text('"""A script."""\n\nprint(1)\n')

    def mark(old="", new=""):
        # Each edit in a place of its own: what was read is remembered by its path.
        at = tmp_path / f"edit{len(list(tmp_path.glob('edit*')))}"
        shutil.copytree(tmp_path / "mine", at / "mine")
        assert old in LIBRARY
        (at / "mine/library.py").write_text(LIBRARY.replace(old, new, 1))
        return identity(at, "mine.library", script=script)

    return mark


NOTHING = {
    "a docstring": ('"""Half of it."""', '"""A half of it, as in eq. (1)."""'),
    "a module's docstring": ('"""What it says."""', '"""Another."""'),
    "a docstring less": ('    """Half of it."""\n', ""),
    "a comment": ("# A half.", "# Twice a quarter."),
    "a comment less": ("    # A half.\n", ""),
    "the format": ("other.double(x) * 0.25", "(\n        other.double(x)\n        * 0.25\n    )"),
    "an annotation": ("x: float, table", "x: int, table"),
    "a returned annotation": (") -> float:", ") -> int:"),
    "a field's annotation": ("position: float", "position: int"),
    "the words of an error": ("x must be >= 0, got", "x is negative:"),
    "an import for annotations alone": (
        "from typing import NamedTuple",
        "from typing import NamedTuple\n\nfrom mine.unused import Annotated",
    ),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("edit", NOTHING)
def test_an_edit_that_cannot_change_a_number_changes_no_identity(mine, edit):
    assert mine(*NOTHING[edit]) == mine()


SOMETHING = {
    "a number": ("* 0.25", "* 0.5"),
    "an operator": ("* 0.25", "/ 0.25"),
    "a comparison": ("x < 0", "x <= 0"),
    "the order of fields": (
        "    position: float\n    memory: float = 0.5\n",
        "    memory: float = 0.5\n    position: float = 0.5\n",
    ),
    "a field's name": ("position: float", "place: float"),
    "a field's default": ("= 0.5", "= 0.75"),
    "a field less": ("    position: float\n", ""),
    "which error": ("ValueError", "TypeError"),
    "an argument's name": ("table:", "rows:"),
    "an imported module that is used": (
        "def step",
        "from mine import unused\n\nFOUND = unused\n\n\ndef step",
    ),
    "what a name stands for": ("from mine import other", "from mine import unused as other"),
}


@pytest.mark.parametrize("edit", SOMETHING)
def test_an_edit_that_can_change_a_number_changes_the_identity(mine, edit):
    assert mine(*SOMETHING[edit]) != mine()


@pytest.mark.parametrize("written", ["from mine.other import double", "import mine.other"])
def test_an_edit_of_what_is_imported_changes_the_identity(tmp_path, written):
    used = written.rpartition(" ")[2]
    library = f"{written}\n\n\ndef f(x):\n    return {used}\n"
    marks = set()
    for number, body in enumerate(("2 * x", "x + x", "2 * x", "2 * (x)")):
        root = tmp_path / str(number)
        (root / "mine").mkdir(parents=True)
        (root / "mine/library.py").write_text(library)
        (root / "mine/other.py").write_text(f"def double(x):\n    return {body}\n")
        (root / "script.py").write_text("")
        marks.add(identity(root, "mine.library", script=root / "script.py"))
    assert len(marks) == 2


def test_every_module_counts_and_the_script_too(tmp_path):
    sweep = MODULES["langevin_sweep"]
    alone = identity(SRC, sweep, script=SCRIPT)
    assert identity(SRC, sweep, MODULES["chains"], script=SCRIPT) != alone
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.read_text(encoding="utf-8") + "\nprint(1)\n")
    assert identity(SRC, sweep, script=script) != alone
    script = tmp_path / "commented.py"
    script.write_text('"""Other words."""\n# And a comment.\n' + SCRIPT.read_text(encoding="utf-8"))
    # Only the first string of a module is its docstring; a string alone does nothing either.
    assert identity(SRC, sweep, script=script) == alone
