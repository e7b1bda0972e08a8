"""One job of the workflow: read its inputs, run an experiment, write what it yields."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from artifact import checkpoint, files, integrity, mnist, progress, provenance
from artifact.checkpoint import Checkpoints
from artifact.experiments import chains
from artifact.sweep import Point

READERS: Mapping[str, Callable[[Path], Any]] = {
    "images": mnist.read,
    "warm_start": lambda path: np.load(path, allow_pickle=False),
}


def run(
    experiment: str,
    arguments: Mapping[str, Any],
    inputs: Mapping[str, Path],
    outputs: Mapping[str, Path],
    log: Path,
    threads: int,
    code: Sequence[Path] = (),
    checkpoints: Path | None = None,
) -> None:
    """Run `artifact.experiments.<experiment>`: its `run`, or a sweep's chains at its `experiment`.

    Args:
        experiment: the module's name.
        arguments: its settings, root seed and, for a sweep, figure and points.
        inputs: files by the name of the argument that takes what they hold; see `READERS`.
        outputs: files by the name of the result that goes there, and "provenance".
        log: where progress is shown.
        threads: what the process is pinned to.
        code: the modules that the numbers depend on.
        checkpoints: where a sweep's chains keep theirs.
    """
    started = time.monotonic()
    integrity.verify(inputs.values())
    held = {name: _read(name, path) for name, path in inputs.items()}
    with log.open("w") as stream:
        bar = progress.bar(stream, " ".join(outputs["provenance"].with_suffix("").parts[-2:]))
        module = import_module(f"artifact.experiments.{experiment}")
        kept = None
        if checkpoints is None:
            results = module.run(**arguments, progress=bar, **held)
        else:
            settings, root = arguments["settings"], arguments["root"]
            points = [Point(**point) for point in arguments["points"]]
            mark = checkpoint.fingerprint(arguments, [*inputs.values(), *code])
            kept = Checkpoints(checkpoints, mark)
            chain = module.experiment(settings, points[0].examples, root, **held)
            figure = arguments["figure"]
            results = {"runs": chains.run(chain, figure, settings, points, root, bar, kept)}
    for name, result in results.items():
        if isinstance(result, pd.DataFrame):
            files.write_table(result, outputs[name])
        else:
            files.replace(outputs[name], partial(np.save, arr=result))
    data = held["images"].source if "images" in held else "simulated"
    record = provenance.describe(arguments, data, started, threads)
    if kept is not None:
        record["seconds"] = round(record["seconds"] + kept.spent, 3)
    results_of = [outputs[name] for name in results]
    files.write_json(integrity.seal(record, results_of), outputs["provenance"])
    if kept is not None:
        kept.clear()


def _read(name: str, path: Path) -> Any:
    try:
        return READERS[name](path)
    except Exception as error:  # zip's and NumPy's readers raise many kinds on damage
        if not path.exists() or isinstance(error, (MemoryError, PermissionError)):
            raise
        integrity.refuse([path])
