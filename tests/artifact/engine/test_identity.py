"""Which modules an experiment depends on."""

import subprocess
import sys
from pathlib import Path

import pytest

from artifact.engine.identity import closure

SRC = Path(__file__).parents[2] / "src"


def modules(name):
    return {str(Path(path).relative_to(SRC)) for path in closure(name, SRC)}


def test_a_sampler_is_a_source_of_its_own_experiments_only():
    assert "ngd/samplers/preconditioned_langevin.py" in modules(
        "artifact.figures.fig2_3_4.langevin_sweep"
    )
    assert "ngd/samplers/stochastic_ngd.py" not in modules(
        "artifact.figures.fig2_3_4.langevin_sweep"
    )
    assert "ngd/samplers/stochastic_ngd.py" in modules("artifact.figures.fig5_6.mlp")
    assert "ngd/metrics/average.py" not in modules("artifact.figures.fig5_6.mlp")


def test_no_experiment_depends_on_a_plot_or_on_the_workflow():
    for path in (SRC / "artifact/experiments").glob("[a-z]*.py"):
        found = modules(f"artifact.experiments.{path.stem}")
        assert not [name for name in found if "plots" in name or "job" in name]


def test_the_library_imports_nothing_of_the_artifact():
    for path in (SRC / "ngd").rglob("*.py"):
        assert "artifact" not in path.read_text().replace("artifacts", "")


@pytest.mark.parametrize("experiment", ["langevin_sweep", "ngd_sweep", "mlp", "cnn", "iterates"])
def test_the_sources_are_what_python_really_imports(experiment):
    """An independent route: import the module and ask Python which files of ours it loaded."""
    program = (
        f"import sys, artifact.experiments.{experiment}\n"
        "files = [getattr(m, '__file__', None) for m in list(sys.modules.values())]\n"
        "print('\\n'.join(f for f in files if f))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    loaded = {
        str(Path(line).relative_to(SRC))
        for line in printed.splitlines()
        if Path(line).is_relative_to(SRC)
    }
    assert modules(f"artifact.experiments.{experiment}") <= loaded


def test_an_unknown_module_is_an_error():
    with pytest.raises(FileNotFoundError, match=r"no module artifact\.nothing"):
        closure("artifact.nothing", SRC)
