"""Finished chains: found again by settings and code, or by their first updates, and no others."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from tests.artifact import small

from artifact import jobs
from artifact.engine import chains, checkpoints
from artifact.figures.fig2_3_4 import langevin_sweep
from artifact.figures.fig2_3_4.settings_logistic import LogisticPoint
from artifact.problems import mnist
from artifact.protocols import Examples, Experiment
from artifact.records import files, integrity, tables
from artifact.refusals import RefusedError
from artifact.settings.sweeps import Point
from ngd.samplers.algorithm import Info, SamplingAlgorithm
from ngd.task import Task

SETTINGS = {
    "inputs": 3,
    "true_norm": 4.0,
    "damping": 1e-3,
    "burn_in": 7,
    "samples": 9,
    "test_examples": 50,
}
POINT = {"examples": 60, "learning_rate": 0.1, "temperature": 1.0, "batch_size": 0}


@contextmanager
def silent(total):
    yield lambda done: None


def run(folder, seeds, code="same", settings=SETTINGS, root=5, archive="none.csv", updates=(7, 9)):
    """A job of Fig. 2: its table and its record."""
    name = f"N60_eps0.1_seed{seeds[0]}-{seeds[-1]}"
    outputs = {"runs": folder / f"{name}.csv", "provenance": folder / f"{name}.json"}
    given = jobs.Given({}, outputs, folder / "log.txt", 1, code)
    folder.mkdir(exist_ok=True)
    jobs.run_chains(
        "langevin_sweep", "fig2", settings, [POINT], updates, seeds, root,
        folder / "checkpoints", folder / archive, "cpu", given,
    )  # fmt: skip
    record = pd.read_json(outputs["provenance"], typ="series")
    return pd.read_csv(outputs["runs"]), record


@pytest.fixture
def counted(monkeypatch):
    """The updates that chains ran for real."""
    ran = []
    compiled = chains.compiled

    def counting(*arguments):
        go_on = compiled(*arguments)

        def counts(train, key, state, kept, first, count):
            ran.append(count)
            return go_on(train, key, state, kept, first, count)

        return counts

    monkeypatch.setattr(chains, "compiled", counting)
    return ran


def test_more_seeds_run_what_is_new_and_nothing_else(tmp_path, counted):
    few, _ = run(tmp_path / "a", [0, 1])
    counted.clear()
    more, record = run(tmp_path / "a", [0, 1, 2])
    assert sum(counted) == 16
    assert set(record["taken"]) == {"T1_seed0", "T1_seed1"}
    assert all("the code is the same" in how for how in record["taken"].values())
    anew, _ = run(tmp_path / "b", [0, 1, 2])
    assert more.equals(anew)
    assert more.head(2).equals(few)


def test_other_code_takes_a_chain_whose_first_updates_come_out_again(tmp_path, counted):
    before, _ = run(tmp_path / "a", [0, 1])
    counted.clear()
    after, record = run(tmp_path / "a", [0, 1, 2], code="other")
    assert sum(counted) == 8 + 8 + 16
    assert after.head(2).equals(before)
    assert all("first updates" in how for how in record["taken"].values())


@pytest.mark.parametrize(
    "change",
    [{"settings": {**SETTINGS, "damping": 2e-3}}, {"root": 6}, {"updates": [6, 10]}],
    ids=["another setting", "another root seed", "other updates"],
)
def test_a_chain_of_another_law_is_never_taken(tmp_path, counted, change):
    run(tmp_path / "a", [0, 1])
    counted.clear()
    _, record = run(tmp_path / "a", [0, 1, 2], **change)
    assert sum(counted) == 3 * 16
    assert record["taken"] == {}


def test_code_that_moves_chains_otherwise_takes_none(tmp_path, counted, monkeypatch):
    run(tmp_path / "a", [0, 1])
    counted.clear()
    experiment = langevin_sweep.experiment

    def colder(settings, examples, root):
        built = experiment(settings, examples, root)
        return built._replace(
            algorithm=lambda task, point: built.algorithm(
                task, point._replace(temperature=0.99 * point.temperature)
            )
        )

    monkeypatch.setattr(langevin_sweep, "experiment", colder)
    _, record = run(tmp_path / "a", [0, 1, 2], code="other")
    assert sum(counted) == 3 * 16
    assert record["taken"] == {}


def test_the_archive_gives_chains_back_to_the_byte(tmp_path, counted):
    table, _ = run(tmp_path / "a", [0, 1])
    sweep = {"fig2": [POINT]}
    told = jobs.archive_chains("fig2", sweep, SETTINGS, 5, tmp_path / "a", tmp_path / "kept")
    assert told == "fig2: 2 chains are kept, 2 of them new"
    assert pd.read_csv(tmp_path / "kept/fig2_runs.csv").equals(table)
    counted.clear()
    again, record = run(tmp_path / "b", [0, 1], archive=tmp_path / "kept/chains/fig2.csv")
    assert again.equals(table)
    assert not counted
    assert len(record["taken"]) == 2
    # Once more: nothing is kept twice.
    told = jobs.archive_chains("fig2", sweep, SETTINGS, 5, tmp_path / "b", tmp_path / "kept")
    assert told == "fig2: 2 chains are kept, 0 of them new"


def test_chains_of_two_data_sets_are_kept_in_no_archive_together(tmp_path, counted):
    run(tmp_path / "a", [0])
    sweep, kept = {"fig2": [POINT]}, tmp_path / "kept"
    jobs.archive_chains("fig2", sweep, SETTINGS, 5, tmp_path / "a", kept)
    chains = kept / "chains/fig2.csv"
    other = pd.read_csv(chains).assign(data="other", law="other")
    other.to_csv(chains, index=False)
    before = {path: path.read_bytes() for path in kept.rglob("*.*")}
    with pytest.raises(RefusedError, match="fig2: chains of different data sets: other, simulated"):
        jobs.archive_chains("fig2", sweep, SETTINGS, 5, tmp_path / "a", kept)
    assert {path: path.read_bytes() for path in kept.rglob("*.*")} == before


def archived(folder, points):
    """The table of all jobs, as `snakemake archive` keeps it."""
    folder.mkdir()
    records = [json.loads(path.read_text()) for path in sorted(points.glob("N60*.json"))]
    runs = tables.gather_runs([pd.read_csv(path) for path in points.glob("N60*.csv")])
    runs.to_csv(folder / "fig2_runs.csv", index=False)
    record = integrity.seal(tables.gather(records), [folder / "fig2_runs.csv"])
    files.write_json(record, folder / "fig2.json")
    return runs


def test_chains_are_added_to_those_of_which_a_table_was_made(tmp_path, counted):
    run(tmp_path / "a", [0, 1])
    run(tmp_path / "a", [2, 3])
    before = archived(tmp_path / "kept", tmp_path / "a")
    run(tmp_path / "b", [4])
    told = jobs.archive_chains(
        "fig2", {"fig2": [POINT]}, SETTINGS, 5, tmp_path / "b", tmp_path / "kept"
    )
    assert told == "fig2: 5 chains are kept, 1 of them new"
    runs = pd.read_csv(tmp_path / "kept/fig2_runs.csv")
    assert runs.head(4).equals(before)
    counted.clear()
    _, record = run(tmp_path / "c", [0, 1, 2], archive=tmp_path / "kept/chains/fig2.csv")
    assert not counted
    assert len(record["taken"]) == 3


def test_a_table_of_which_no_law_was_kept_is_left_as_it_is(tmp_path):
    run(tmp_path / "a", [0, 1])
    kept = archived(tmp_path / "kept", tmp_path / "a")
    record = json.loads((tmp_path / "kept/fig2.json").read_text())
    for point in record["points"]:
        del point["law"]
    del record["seal"], record["sha256"]
    sealed = integrity.seal(record, [tmp_path / "kept/fig2_runs.csv"])
    files.write_json(sealed, tmp_path / "kept/fig2.json")
    told = jobs.archive_chains(
        "fig2", {"fig2": [POINT]}, SETTINGS, 5, tmp_path / "a", tmp_path / "kept"
    )
    assert told.startswith("fig2: left as it is")
    assert pd.read_csv(tmp_path / "kept/fig2_runs.csv").equals(kept)
    assert not (tmp_path / "kept/chains").exists()


def test_first_distances_that_differ_or_lack_do_not_agree():
    first = [[1.0, 2.0, 3.0, 4.0]]
    assert chains.agree(first, first) == 0
    assert chains.agree([[1.0, 2.0, 3.0, 4.1]], first) == pytest.approx(0.025)
    assert chains.agree([[1.0, 2.0]], first) == np.inf
    assert chains.agree([], []) == np.inf
    assert not chains.agree([[np.nan] * 4], first) < chains.TOLERANCE


class Held(NamedTuple):
    position: dict
    at: jax.Array


def scripted(path):
    """An experiment whose chain visits the slopes of `path` in turn; a slope of 0 answers alike."""
    visits = jnp.asarray(path, float)
    test = Examples(jnp.arange(1.0, 6.0)[:, None], jnp.zeros(5, int))

    def logits(params, x):
        return jnp.concatenate([jnp.zeros_like(x), params["slope"] * x], axis=1)

    algorithm = SamplingAlgorithm(
        lambda position, rng_key=None: Held(position, jnp.zeros((), int)),
        lambda key, state: (
            Held({"slope": visits[state.at]}, state.at + 1),
            Info(jnp.ones(())),
        ),
    )
    return Experiment(
        task=lambda train: Task(logits, train.x, train.y),
        algorithm=lambda task, point: algorithm,
        train=lambda seed: test,
        position=lambda seed: {"slope": jnp.ones(())},
        test=lambda seed: test,
        labels=2,
        probe=3,
    )


@pytest.mark.parametrize(
    ("path", "dead_at"),
    [
        ([1.0, 1, 1, 1, 1, 1], -1),
        ([1.0, 1, 0, 0, 0, 0], 2),
        ([0.0, 0, 1, 1, 1, 0], 5),
        ([0.0, 0, 1, 1, 1, 1], -1),
        ([0.0, 0, 0, 0, 0, 0], 0),
        ([1.0, 1, np.nan, np.nan, np.nan, np.nan], -1),
    ],
)
def test_a_network_is_dead_since_it_last_began_to_answer_alike(tmp_path, path, dead_at):
    plan = chains.Plan("fig7", [Point(5, 0.1, 1.0, 1)], [0], 1, 4, 2)
    folder = checkpoints.Folder(tmp_path / "c", "mark")
    runs = chains.run(scripted(path), plan, silent, folder)
    assert runs["dead_at"].tolist() == [dead_at]


def test_points_that_do_not_run_together_are_refused():
    points = [Point(5, 0.1, t, 1) for t in (1.0, 2.0)]
    plan = chains.Plan("fig7", points, [0], 1, 4, 2)
    with pytest.raises(ValueError, match="points must be one"):
        chains.run(scripted([1.0] * 6), plan, silent, None)
    several = [points[0], points[0]._replace(examples=6)]
    plan = plan._replace(points=several, together=True)
    with pytest.raises(ValueError, match="points must be one"):
        chains.run(scripted([1.0] * 6), plan, silent, None)


CNN = {
    "channels": 2,
    "damping": 0.1,
    "regularisation": 40.0,
    "fisher_examples": 12,
    "smoothing_base": 0.95,
    "smoothing_unit": 0.05,
    "duration": 1.0,
    "sampled_fraction": 0.2,
}
CORNER = {"examples": 40, "learning_rate": 0.1}


def run_cnn(folder, name, points, seeds, device, images, code="same"):
    """A job of Fig. 7, from images and a start that are made up."""
    folder.mkdir(exist_ok=True)
    start = folder.parent / "start.npy"
    np.save(start, np.random.default_rng(0).normal(size=410).astype(np.float32))
    mnist.save(images, folder.parent / "images.npz")
    inputs = {"images": folder.parent / "images.npz", "warm_start": start}
    outputs = {"runs": folder / f"{name}.csv", "provenance": folder / f"{name}.json"}
    given = jobs.Given(inputs, outputs, folder / "log.txt", 1, code)
    jobs.run_chains(
        "cnn", "fig7", CNN, points, (8, 2), seeds, 5,
        folder / "checkpoints", folder / "none.csv", device, given,
    )  # fmt: skip
    return pd.read_csv(outputs["runs"]), pd.read_json(outputs["provenance"], typ="series")


def test_a_gpus_job_of_all_temperatures_is_the_cpus_jobs_of_one_each(tmp_path, counted):
    images = small.noisy_images()
    points = [{**CORNER, "temperature": 0.3, "batch_size": 6}]
    points += [{**CORNER, "temperature": 1.0, "batch_size": 2}]
    name = "N40_eps0.1"
    both, record = run_cnn(tmp_path / "a", f"{name}_seed0-1", points, [0, 1], "gpu", images)
    assert len(both) == 4
    assert sum(counted) == 10  # all at the same time
    assert len(set(record["law"])) == 2
    counted.clear()
    for point in points:
        own = f"{name}_T{point['temperature']:g}_seed0"
        alone, told = run_cnn(tmp_path / "a", own, [point], [0], "cpu", images)
        assert not counted
        assert list(told["taken"]) == [own.removeprefix(f"{name}_")]
        wanted = (both["temperature"] == point["temperature"]) & (both["seed"] == 0)
        assert alone.to_dict("records") == both[wanted].to_dict("records")
    # The other way round: a GPU's job takes the chains that were run one by one.
    for point in points:
        run_cnn(
            tmp_path / "b", f"{name}_T{point['temperature']:g}_seed0", [point], [0], "cpu", images
        )
    counted.clear()
    again, told = run_cnn(tmp_path / "b", f"{name}_seed0-1", points, [0, 1], "gpu", images)
    assert sum(counted) == 10  # those of the second seed alone
    assert list(told["taken"]) == ["T0.3_seed0", "T1_seed0"]
    np.testing.assert_allclose(
        again["ensemble_cross_entropy"], both["ensemble_cross_entropy"], rtol=1e-4
    )


def test_a_gpus_job_runs_the_chains_that_are_missing_and_no_others(tmp_path, counted):
    """Of a temperature one seed is known, of another none: a round of three chains of the four."""
    images = small.noisy_images()
    points = [{**CORNER, "temperature": 0.3, "batch_size": 6}]
    points += [{**CORNER, "temperature": 1.0, "batch_size": 2}]
    alone, _ = run_cnn(tmp_path / "a", "N40_eps0.1_T1_seed1", points[1:], [1], "cpu", images)
    for code, ran in (("same", 10), ("other", 8 + 10)):
        counted.clear()
        folder = tmp_path / code
        shutil.copytree(tmp_path / "a", folder)
        four, told = run_cnn(folder, "N40_eps0.1_seed0-1", points, [0, 1], "gpu", images, code)
        assert sum(counted) == ran
        assert list(told["taken"]) == ["T1_seed1"]
        assert len(four) == 4
        known = (four["temperature"] == 1.0) & (four["seed"] == 1)
        assert four[known].to_dict("records") == alone.to_dict("records")
        assert np.isfinite(four["ensemble_cross_entropy"]).all()
        assert four["ensemble_cross_entropy"].nunique() == 4


def test_settings_of_a_point_are_checked_in_the_job_too(tmp_path):
    assert LogisticPoint.model_validate(SETTINGS).updates(0.1) == (7, 9)
    with pytest.raises(ValueError, match="burn_in"):
        run(Path(tmp_path), [0, 1], settings={**SETTINGS, "burn_in": 0})
