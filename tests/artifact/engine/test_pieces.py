"""A job of pieces that is killed goes on from those that are finished."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from tests.artifact import small

from artifact import catalogue, jobs
from artifact.records import integrity


class Killed(BaseException):
    pass


@pytest.fixture
def made(monkeypatch):
    """An experiment of three pieces in Fig. S4's place; what it has made, and how it is killed."""
    made, killed_at = [], []

    def run(settings, root, progress, kept):
        def piece(i):
            if i in killed_at:
                raise Killed
            made.append(i)
            return {"i": i, "x": root / (3 + i)}

        with progress(3):
            rows = [kept(f"piece {i}", lambda i=i: piece(i)) for i in range(3)]
        return {"distances": pd.DataFrame(rows), "speed": pd.DataFrame(rows)}

    module = ModuleType("pieced")
    module.run = run
    monkeypatch.setitem(sys.modules, "pieced", module)
    entry = catalogue.EXPERIMENTS["every_sampler"]
    monkeypatch.setitem(catalogue.EXPERIMENTS, "every_sampler", entry._replace(module="pieced"))
    return made, killed_at


def job(folder: Path, root: int = 1, code: str = "a", **changes):
    names = ("distances", "speed", "provenance")
    outputs = {name: folder / f"{name}.csv" for name in names}
    given = jobs.Given({}, outputs, folder / "log", 1, code)
    settings = small.settings("figS4", **changes).model_dump()
    jobs.run_whole("every_sampler", settings, root, folder / "kept", given)
    return (folder / "distances.csv").read_bytes()


def test_it_goes_on_to_the_same_bytes(tmp_path, made):
    began, killed_at = made
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole = job(tmp_path / "whole")
    began.clear()
    killed_at.append(2)
    with pytest.raises(Killed):
        job(tmp_path / "killed")
    killed_at.clear()
    assert job(tmp_path / "killed") == whole
    assert began == [0, 1, 2]
    integrity.verify([tmp_path / "killed/distances.csv"])
    assert json.loads((tmp_path / "killed/provenance.csv").read_text())["seconds"] > 0


@pytest.mark.parametrize("other", [{"repeats": 2}, {"inputs": [2, 3]}, {"samplers": ["sgd"]}])
def test_more_or_other_pieces_make_none_anew(tmp_path, made, other):
    began, _ = made
    first = job(tmp_path)
    assert job(tmp_path, **other) == first
    assert began == [0, 1, 2]


@pytest.mark.parametrize("other", [{"root": 2}, {"code": "b"}, {"damping": 0.3}])
def test_other_settings_or_other_code_begin_anew(tmp_path, made, other):
    began, killed_at = made
    killed_at.append(2)
    with pytest.raises(Killed):
        job(tmp_path)
    killed_at.clear()
    job(tmp_path, **other)
    assert began == [0, 1, 0, 1, 2]


def test_the_rules_of_such_experiments_say_where_pieces_are_kept():
    of_pieces = {
        name
        for name, entry in catalogue.EXPERIMENTS.items()
        if isinstance(entry, catalogue.Whole) and entry.pieces
    }
    assert of_pieces == {"every_sampler", "network_samplers", "cnn_samplers"}
    for name in of_pieces:
        entry = catalogue.EXPERIMENTS[name]
        assert set(entry.pieces) <= set(catalogue.GROUPS[entry.settings].model.model_fields)
