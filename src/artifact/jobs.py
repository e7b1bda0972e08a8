"""One job of the workflow: read its inputs, run an experiment, write what it yields."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from artifact import catalogue
from artifact.engine import chains, checkpoints, finished, progress
from artifact.problems import mnist
from artifact.records import files, integrity, provenance, tables
from artifact.refusals import RefusedError
from artifact.settings import sweeps
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
    updates: Sequence[int],
    seeds: Sequence[int],
    root: int,
    checkpoint_folder: Path,
    archive: Path,
    device: str,
    given: Given,
) -> None:
    """Run the chains of some points and seeds: the rows of a sweep's table that these are.

    Args:
        experiment: an entry of the catalogue.
        figure: the folder of the points, a coordinate of the chains' keys.
        settings: what a point depends on.
        points: `Point`s as mappings.
        updates: how many burn in and how many are sampled.
        seeds: each a training set, a start and a chain.
        root: the root seed.
        checkpoint_folder: where the chains keep how far they are.
        archive: the file of the archive that may hold some of these chains.
        device: cpu, or gpu, which runs all of them abreast.
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
        "updates": list(updates),
        "seeds": list(seeds),
        "root": root,
    }
    held = _read_all(given)
    run_points = [Point(**point) for point in points]
    data = _data(held)
    each = list(points)
    groups = [each] if entry.together else [[point] for point in each]
    laws = [finished.law({**arguments, "points": group}, data) for group in groups]
    folder, corner = given.outputs["runs"].parent, sweeps.corner(run_points[0])
    tables_ = finished.of_archive(archive), finished.of_jobs(folder, corner)
    known = {
        name: chain
        for law in laws
        for name, chain in finished.of_law(law, *tables_).items()
        if name[1] in seeds
    }
    same = {name: chain for name, chain in known.items() if chain.code == given.code}
    candidates = {name: chain.row for name, chain in known.items() if name not in same}
    burn_in, samples = updates
    plan = chains.Plan(
        figure, run_points, seeds, root, burn_in, samples, entry.together,
        abreast=device == "gpu" and not entry.together, finished=same,
    )  # fmt: skip
    rounds = plan.rounds(candidates)
    parts = [pd.DataFrame([chain.row for chain in same.values()]).assign(taken=True)]
    mark = checkpoints.fingerprint(
        {**arguments, "code": given.code, "rounds": rounds}, given.inputs.values()
    )
    kept = checkpoints.Folder(checkpoint_folder, mark)
    with given.log.open("w", encoding="utf-8") as stream:
        if rounds:
            chain = import_module(entry.module).experiment(
                typed, run_points[0].examples, root, **held
            )
            bar = progress.bar(stream, _name(given))
            parts.append(chains.run(chain, plan, bar, kept, candidates))
        runs = tables.gather_runs([part for part in parts if len(part)])
        if "taken" not in runs:
            runs["taken"] = None
        ours = runs[runs["taken"].eq(True)]
        taken = {
            f"T{temperature:g}_seed{seed}": _taken(known[temperature, seed], given.code)
            for temperature, seed in zip(ours["temperature"], ours["seed"], strict=True)
        }
        for name, how in taken.items():
            print(f"{name}: {how}", file=stream)
    of_points = laws * (len(run_points) // len(laws))
    law = dict(zip((point.temperature for point in run_points), of_points, strict=True))
    of_rows = runs["temperature"].map(law).tolist()
    more = {"law": of_rows, "first": runs["first"].tolist(), "taken": taken}
    results = {"runs": runs.drop(columns=["first", "taken"])}
    _write(results, arguments, data, started, given, more, kept.spent)
    kept.clear()


def _taken(chain: finished.Finished, code: str) -> str:
    same = chain.code == code
    how = "the code is the same" if same else "its first updates come out again"
    return f"taken from commit {chain.commit or 'unknown'}: {how}"


def run_whole(
    experiment: str,
    settings: Mapping[str, Any],
    root: int,
    checkpoint_folder: Path | None,
    given: Given,
) -> None:
    """Run an experiment that is one job.

    Args:
        experiment: an entry of the catalogue.
        settings: its group of settings.
        root: the root seed.
        checkpoint_folder: where one of pieces keeps them.
        given: files, threads and code.
    """
    started = time.monotonic()
    entry = catalogue.EXPERIMENTS[experiment]
    assert isinstance(entry, catalogue.Whole)
    typed = catalogue.GROUPS[entry.settings].model.model_validate(settings)
    arguments = {"experiment": experiment, "settings": dict(settings), "root": root}
    held = _read_all(given)
    run = import_module(entry.module).run
    kept = None
    if checkpoint_folder is not None:
        of_piece = {key: value for key, value in settings.items() if key not in entry.pieces}
        marked = {**arguments, "settings": of_piece, "code": given.code}
        mark = checkpoints.fingerprint(marked, given.inputs.values())
        kept = checkpoints.Folder(checkpoint_folder, mark)
        run = partial(run, kept=kept.piece)
    with given.log.open("w", encoding="utf-8") as stream:
        results = run(typed, root, progress=progress.bar(stream, _name(given)), **held)
    spent = 0.0 if kept is None else kept.spent
    _write(results, arguments, _data(held), started, given, already=spent)


def _write(
    results: Mapping[str, Any],
    arguments: Mapping[str, Any],
    data: str,
    started: float,
    given: Given,
    more: Mapping[str, Any] = MappingProxyType({}),
    already: float = 0.0,
) -> None:
    """Results first, then the record that vouches for them."""
    for name, result in results.items():
        if isinstance(result, pd.DataFrame):
            files.write_table(result, given.outputs[name])
        else:
            files.replace(given.outputs[name], partial(np.save, arr=result))
    described = {**arguments, "code": given.code}
    record = {**provenance.describe(described, data, started, given.threads), **more}
    record["seconds"] = round(record["seconds"] + already, 3)
    sealed = integrity.seal(record, [given.outputs[name] for name in results])
    files.write_json(sealed, given.outputs["provenance"])


def _data(held: Mapping[str, Any]) -> str:
    """The data set, as figures are stamped with it."""
    return held["images"].source if "images" in held else "simulated"


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


def archive_chains(
    figure: str,
    panels: Mapping[str, Sequence[Mapping[str, Any]]],
    settings: Mapping[str, Any],
    root: int,
    points: Path,
    archive: Path,
) -> str:
    """Keep a sweep's finished chains in the archive, and make its tables anew from all kept there.

    Args:
        figure: the sweep.
        panels: the points of each of its tables, by name.
        settings: what a point depends on.
        root: the root seed.
        points: the folder of its finished jobs.
        archive: the archive's folder.

    Returns:
        What was done, in one line; empty where no chain is finished.

    Raises:
        RefusedError: the chains are not all of one data set.
    """
    kept = archive / "chains" / f"{figure}.csv"
    before, new = finished.of_archive(kept, *panels), finished.gathered(points)
    if new.empty:
        return ""
    tabled = [path for name in panels if (path := archive / f"{name}_runs.csv").is_file()]
    if tabled and before.empty:
        return f"{figure}: left as it is; its archived table is of chains of which no law was kept"
    chains_ = finished.merged(before, new)
    data, *others = sorted(set(chains_["data"]))
    if others:
        named = ", ".join([data, *others])
        raise RefusedError(f"{figure}: chains of different data sets: {named}; nothing is kept")
    files.write_table(chains_, kept)
    model = catalogue.point_model(figure).model_validate(settings)
    for table, grid in panels.items():
        laws = {
            finished.law(
                {
                    "figure": figure,
                    "settings": settings,
                    "points": [point],
                    "updates": list(model.updates(point["learning_rate"])),
                    "root": root,
                },
                data,
            )
            for point in grid
        }
        own = chains_[chains_["law"].isin(laws)]
        if own.empty:
            continue
        runs = tables.gather_runs([own.drop(columns=[*finished.ARCHIVED, "first"])])
        names = [archive / f"{table}_runs.csv", archive / f"{table}.csv"]
        files.write_table(runs, names[0])
        files.write_table(tables.summarise(runs), names[1])
        beside = archive / f"{table}.json"
        earlier = json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else {}
        record = {
            # What a person wrote of chains that an earlier program made.
            **{key: earlier[key] for key in ("migrated",) if key in earlier},
            "data": data,
            "seconds": round(float(own["seconds"].sum()), 1),
            "points": [_record_of(row, figure, settings, root) for row in own.to_dict("records")],
        }
        files.write_json(integrity.seal(record, names), beside)
    integrity.seal_archive(archive)
    added = len(chains_) - len(before)
    return f"{figure}: {len(chains_)} chains are kept, {added} of them new"


def _record_of(
    row: Mapping[Any, Any], figure: str, settings: Mapping[str, Any], root: int
) -> dict[str, Any]:
    """The provenance of an archived chain, as of a job of its own."""
    point = Point(int(row["N"]), row["learning_rate"], row["temperature"], int(row["batch_size"]))
    return {
        "commit": row["commit"],
        "data": row["data"],
        "device": {"kind": row["device"]},
        "threads": int(row["threads"]),
        "seconds": row["seconds"],
        "versions": json.loads(row["versions"]),
        "settings": {
            "figure": figure,
            "settings": dict(settings),
            "points": [point._asdict()],
            "seeds": [int(row["seed"])],
            "root": root,
            "code": row["code"],
        },
    }
