"""One job of the workflow: read its inputs, run an experiment, write what it yields."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from artifact import catalogue
from artifact.engine import chains, checkpoints, progress
from artifact.problems import mnist
from artifact.records import files, integrity, provenance
from artifact.settings.sweeps import Point

READERS: Mapping[str, Callable[[Path], Any]] = {
    "images": mnist.read,
    "warm_start": lambda path: np.load(path, allow_pickle=False),
}


class Given(NamedTuple):
    """What a job is given besides its settings.

    Attributes:
        inputs: files by the name of the argument that takes what they hold; see `READERS`.
        outputs: files by the name of the result that goes there, and "provenance".
        log: where progress is shown.
        threads: what the process is pinned to.
        code: the identity of what its numbers depend on.
    """

    inputs: Mapping[str, Path]
    outputs: Mapping[str, Path]
    log: Path
    threads: int
    code: str


def run_chains(
    experiment: str,
    figure: str,
    settings: Mapping[str, Any],
    points: Sequence[Mapping[str, Any]],
    seeds: Sequence[int],
    root: int,
    checkpoint_folder: Path,
    given: Given,
) -> None:
    """Run the chains of some points and seeds: the rows of a sweep's table that these are.

    Args:
        experiment: an entry of the catalogue.
        figure: the folder of the points, a coordinate of the chains' keys.
        settings: what a point depends on.
        points: `Point`s as mappings.
        seeds: each a training set, a start and a chain.
        root: the root seed.
        checkpoint_folder: where the chains keep how far they are.
        given: files, threads and code.
    """
    started = time.monotonic()
    entry = catalogue.EXPERIMENTS[experiment]
    assert isinstance(entry, catalogue.Chains)
    typed = catalogue.point_model(figure).model_validate(settings)
    arguments = {
        "experiment": experiment,
        "figure": figure,
        "settings": dict(settings),
        "points": list(points),
        "seeds": list(seeds),
        "root": root,
    }
    held = _read_all(given)
    run_points = [Point(**point) for point in points]
    mark = checkpoints.fingerprint({**arguments, "code": given.code}, given.inputs.values())
    kept = checkpoints.Folder(checkpoint_folder, mark)
    with given.log.open("w", encoding="utf-8") as stream:
        chain = import_module(entry.module).experiment(typed, run_points[0].examples, root, **held)
        burn_in, samples = typed.updates(run_points[0].learning_rate)
        plan = chains.Plan(figure, run_points, seeds, root, burn_in, samples, entry.together)
        runs = chains.run(chain, plan, progress.bar(stream, _name(given)), kept)
    _write({"runs": runs}, arguments, held, started, given, already=kept.spent)
    kept.clear()


def run_whole(experiment: str, settings: Mapping[str, Any], root: int, given: Given) -> None:
    """Run an experiment that is one job.

    Args:
        experiment: an entry of the catalogue.
        settings: its group of settings.
        root: the root seed.
        given: files, threads and code.
    """
    started = time.monotonic()
    entry = catalogue.EXPERIMENTS[experiment]
    assert isinstance(entry, catalogue.Whole)
    typed = catalogue.GROUPS[entry.settings].model.model_validate(settings)
    arguments = {"experiment": experiment, "settings": dict(settings), "root": root}
    held = _read_all(given)
    with given.log.open("w", encoding="utf-8") as stream:
        bar = progress.bar(stream, _name(given))
        results = import_module(entry.module).run(typed, root, progress=bar, **held)
    _write(results, arguments, held, started, given)


def _write(
    results: Mapping[str, Any],
    arguments: Mapping[str, Any],
    held: Mapping[str, Any],
    started: float,
    given: Given,
    already: float = 0.0,
) -> None:
    """Results first, then the record that vouches for them."""
    for name, result in results.items():
        if isinstance(result, pd.DataFrame):
            files.write_table(result, given.outputs[name])
        else:
            files.replace(given.outputs[name], partial(np.save, arr=result))
    data = held["images"].source if "images" in held else "simulated"
    record = provenance.describe({**arguments, "code": given.code}, data, started, given.threads)
    record["seconds"] = round(record["seconds"] + already, 3)
    sealed = integrity.seal(record, [given.outputs[name] for name in results])
    files.write_json(sealed, given.outputs["provenance"])


def _name(given: Given) -> str:
    return " ".join(given.outputs["provenance"].with_suffix("").parts[-2:])


def _read_all(given: Given) -> dict[str, Any]:
    integrity.verify(given.inputs.values())
    return {name: _read(name, path) for name, path in given.inputs.items()}


def _read(name: str, path: Path) -> Any:
    try:
        return READERS[name](path)
    except Exception as error:  # zip's and NumPy's readers raise many kinds on damage
        if not path.exists() or isinstance(error, (MemoryError, PermissionError)):
            raise
        integrity.refuse([path])
