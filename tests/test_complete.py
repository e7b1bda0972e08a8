"""No public sampler, metric, figure, experiment or statistic of a claim is without a test."""

import re
from pathlib import Path

import pytest
from tests.artifact.drawing import made_up

from artifact import catalogue
from artifact.claims import statistics
from ngd import metrics, samplers

TESTS = Path(__file__).parent
PUBLIC = {
    "sampler": ("ngd", [name for name in samplers.__all__ if name.islower()]),
    "metric": ("ngd", metrics.__all__),
    "figure": ("artifact/figures", catalogue.FIGURES),
    "experiment": ("artifact/figures", [e.module for e in catalogue.EXPERIMENTS.values()]),
    "statistic": ("artifact/claims", statistics.STATISTICS),
}


def untested(names, folder):
    """Those that no test below a folder names: a module by its last word."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("test_*.py"))
    return [name for name in names if not re.search(rf"\b{name.rpartition('.')[2]}\b", text)]


@pytest.mark.parametrize("kind", PUBLIC)
def test_every_public_name_is_named_by_a_test(kind):
    below, names = PUBLIC[kind]
    assert untested(names, TESTS / below) == []


def test_every_figure_is_drawn_from_made_up_tables():
    assert made_up.TABLES.keys() == catalogue.FIGURES.keys()


def test_what_no_test_names_is_found(tmp_path):
    (tmp_path / "test_a.py").write_text("def test_mandt():\n    mandt.build\n")
    assert untested(["mandt", "mand", "a.b.langevin"], tmp_path) == ["mand", "a.b.langevin"]
