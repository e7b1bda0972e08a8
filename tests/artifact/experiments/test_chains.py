"""One chain of a sweep, against the same chain run by hand."""

from contextlib import contextmanager

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from artifact.engine.checkpoints import Checkpoints
from artifact.engine import chains
from artifact.figures.fig2_3_4 import langevin_sweep
from artifact.problems import logistic
from artifact.figures.fig2_3_4 import ngd_sweep
from artifact.settings.sweeps import Point
from ngd.metrics.fisher import exact_fisher
from ngd.samplers import stochastic_ngd

SETTINGS = {
    "inputs": 3,
    "true_norm": 4.0,
    "damping": 1e-3,
    "burn_in": 7,
    "samples": 9,
    "test_examples": 50,
    "repeats": 2,
}
POINT = Point(examples=60, learning_rate=0.1, temperature=1.0, batch_size=3)


@contextmanager
def silent(total):
    yield lambda done: None


@pytest.fixture
def nowhere(tmp_path):
    return Checkpoints(tmp_path, "none")


def run(sweep, figure, settings, points, progress, checkpoints):
    experiment = sweep.experiment(settings, points[0].examples, 5)
    return chains.run(experiment, figure, settings, points, 5, progress, checkpoints)


def test_scores_are_those_of_a_plain_loop_over_stored_samples(nowhere):
    runs = run(ngd_sweep, "fig3", SETTINGS, [POINT], silent, nowhere)
    test = logistic.simulate(5, SETTINGS, 50)
    x, y = np.asarray(test.x, float), np.asarray(test.y)
    for seed in range(2):
        task = logistic.task(logistic.simulate(5, SETTINGS, 60, seed=seed))
        algorithm = stochastic_ngd.build(task, exact_fisher(task), 0.1, 1e-3, jnp.asarray(3))
        state = algorithm.init(logistic.position(jnp.zeros(3)))
        key = chains.chain_key(5, "fig3", POINT, seed, together=True)
        likelihoods, predicted = [], []
        for update in range(16):
            state, _ = jax.jit(algorithm.step)(jax.random.fold_in(key, update), state)
            if update >= 7:
                w = np.asarray(state.position["params"]["weights"], float)
                p = 1 / (1 + np.exp(-x @ w))
                likelihoods.append(np.where(y == 1, p, 1 - p))
                predicted.append(p)
        row = runs[runs["seed"] == seed].iloc[0]
        stored = np.array(likelihoods)
        assert row["ensemble_cross_entropy"] == pytest.approx(
            -np.log(stored.mean(axis=0)).mean(), rel=1e-4
        )
        assert row["single_cross_entropy"] == pytest.approx(-np.log(stored).mean(), rel=1e-4)
        assert row["ensemble_accuracy"] == pytest.approx(
            ((np.mean(predicted, axis=0) > 0.5) == y).mean()
        )
        assert row["single_accuracy"] == pytest.approx(
            np.mean([((p > 0.5) == y).mean() for p in predicted])
        )
        assert row["diverged_at"] == -1


def test_a_point_does_not_depend_on_how_many_repeats_run(nowhere):
    few = run(ngd_sweep, "fig3", {**SETTINGS, "repeats": 1}, [POINT], silent, nowhere)
    more = run(ngd_sweep, "fig3", SETTINGS, [POINT], silent, nowhere)
    assert few.equals(more.head(1))


def test_a_point_does_not_depend_on_which_others_run_with_it(nowhere):
    hot = POINT._replace(temperature=3.0, batch_size=1)
    cold = POINT._replace(temperature=0.1, batch_size=30)
    for sweep in (ngd_sweep, langevin_sweep):
        alone = run(sweep, "fig3", SETTINGS, [POINT], silent, nowhere)
        runs = run(sweep, "fig3", SETTINGS, [cold, POINT, hot], silent, nowhere)
        assert runs["temperature"].tolist() == [0.1, 0.1, 1.0, 1.0, 3.0, 3.0]
        of_point = runs[runs["temperature"] == 1.0].reset_index(drop=True)
        pd.testing.assert_frame_equal(of_point, alone, rtol=1e-4)
        assert runs["ensemble_cross_entropy"].nunique() == 6


def test_a_diverged_chain_leaves_those_beside_it_alone(nowhere):
    wild = POINT._replace(temperature=1e38)
    runs = run(langevin_sweep, "fig2", SETTINGS, [POINT, wild], silent, nowhere)
    assert (runs["diverged_at"] >= 0).tolist() == [False, False, True, True]
    assert np.isfinite(runs["ensemble_cross_entropy"].head(2)).all()


def test_a_chain_that_leaves_the_finite_numbers_is_recorded_with_its_update(nowhere):
    wild = POINT._replace(learning_rate=1e30)
    runs = run(langevin_sweep, "fig2", SETTINGS, [wild], silent, nowhere)
    assert (runs["diverged_at"] >= 0).all()
    assert (runs["diverged_at"] < 16).all()


def test_labels_follow_the_true_parameters():
    settings = {"inputs": 2, "true_norm": 2.0}
    drawn = logistic.simulate(1, settings, 40000)
    x, y = np.asarray(drawn.x, float), np.asarray(drawn.y)
    p = 1 / (1 + np.exp(-2.0 * x[:, 0]))
    z = (y - p).sum() / np.sqrt((p * (1 - p)).sum())
    slope = ((y - p) * x[:, 0]).sum() / np.sqrt((p * (1 - p) * x[:, 0] ** 2).sum())
    assert abs(z) < 4.5
    assert abs(slope) < 4.5


class Killed(Exception):
    pass


def interrupted(updates):
    """Progress which dies once so many updates are done."""

    @contextmanager
    def progress(total):
        done = [0]

        def advance(count):
            done[0] += count
            if done[0] > updates:
                raise Killed

        yield advance

    return progress


@pytest.mark.parametrize("updates", [3, 20, 31])
@pytest.mark.parametrize("sweep", [ngd_sweep, langevin_sweep])
def test_a_killed_job_goes_on_to_the_same_bytes(tmp_path, nowhere, sweep, updates):
    undisturbed = run(sweep, "fig3", SETTINGS, [POINT], silent, nowhere).to_csv()
    always = Checkpoints(tmp_path / "chain", "mark", every=0)
    with pytest.raises(Killed):
        run(sweep, "fig3", SETTINGS, [POINT], interrupted(updates), always)
    again = Checkpoints(tmp_path / "chain", "mark")
    advanced = []

    @contextmanager
    def counting(total):
        yield advanced.append

    runs = run(sweep, "fig3", SETTINGS, [POINT], counting, again)
    assert runs.to_csv() == undisturbed
    # It did go on from where it was, and did not start anew.
    assert advanced[0] >= updates - 1
    assert sum(advanced) == 32
    assert again.spent > 0
