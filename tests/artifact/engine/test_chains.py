"""One chain of a sweep, against the same chain run by hand."""

from contextlib import contextmanager
from types import MappingProxyType

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from tests.artifact import small

from artifact.engine import chains
from artifact.engine.checkpoints import Folder
from artifact.figures.fig2_3_4 import langevin_sweep, ngd_sweep
from artifact.figures.fig2_3_4.settings_logistic import LogisticPoint
from artifact.problems import logistic
from ngd.metrics.fisher import exact_fisher
from ngd.samplers import stochastic_ngd

SETTINGS = LogisticPoint(
    inputs=3, true_norm=4.0, damping=1e-3, burn_in=7, samples=9, test_examples=50
)
POINT = small.point(60, 0.1, 1.0, 3)
SEEDS = range(2)


def plan(figure="fig3", points=(POINT,), seeds=SEEDS, together=True):
    return chains.Plan(figure, points, seeds, 5, SETTINGS.burn_in, SETTINGS.samples, together)


def run(sweep, given, progress=small.silent, checkpoints=None, candidates=MappingProxyType({})):
    experiment = sweep.experiment(SETTINGS, given.points[0].examples, given.root)
    return chains.run(experiment, given, progress, checkpoints or small.Nowhere(), candidates)


def test_scores_are_those_of_a_plain_loop_over_stored_samples():
    runs = run(ngd_sweep, plan())
    test = logistic.simulate(5, 3, 4.0, 50)
    x, y = np.asarray(test.x, float), np.asarray(test.y)
    for seed in range(2):
        task = logistic.task(logistic.simulate(5, 3, 4.0, 60, seed=seed))
        algorithm = stochastic_ngd.build(
            exact_fisher(task), learning_rate=0.1, damping=1e-3, batch_size=jnp.asarray(3)
        )
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


def test_a_seed_does_not_depend_on_which_others_run_with_it():
    both = run(ngd_sweep, plan())
    blocks = [run(ngd_sweep, plan(seeds=[seed])) for seed in SEEDS]
    assert pd.concat(blocks, ignore_index=True).equals(both)


def _distances(table):
    """`first` as numbers, a column an update."""
    split = table["first"].str.split(expand=True).astype(float)
    return {f"first_{number}": split[number] for number in split}


def test_a_point_does_not_depend_on_which_others_run_with_it():
    hot = POINT._replace(temperature=3.0, batch_size=1)
    cold = POINT._replace(temperature=0.1, batch_size=30)
    for sweep in (ngd_sweep, langevin_sweep):
        alone = run(sweep, plan())
        runs = run(sweep, plan(points=[cold, POINT, hot]))
        assert runs["temperature"].tolist() == [0.1, 0.1, 1.0, 1.0, 3.0, 3.0]
        of_point = runs[runs["temperature"] == 1.0].reset_index(drop=True)
        of_point, alone = (
            table.assign(**_distances(table)).drop(columns="first") for table in (of_point, alone)
        )
        pd.testing.assert_frame_equal(of_point, alone, rtol=1e-4)
        assert runs["ensemble_cross_entropy"].nunique() == 6


def test_several_points_where_one_is_expected_are_refused():
    """Else all of them would be given the number of the first."""
    hot = POINT._replace(temperature=3.0)
    with pytest.raises(ValueError, match=r"points must be one, or together"):
        run(langevin_sweep, plan(points=[POINT, hot], together=False))
    for other in (POINT._replace(examples=70), POINT._replace(learning_rate=0.2)):
        with pytest.raises(ValueError, match=r"of one N and learning_rate"):
            run(langevin_sweep, plan(points=[POINT, other]))


def test_chains_apart_have_a_key_of_their_own_temperature():
    hot = POINT._replace(temperature=3.0)
    apart = [chains.chain_key(5, "fig5", point, 0) for point in (POINT, hot)]
    together = [chains.chain_key(5, "fig5", point, 0, together=True) for point in (POINT, hot)]
    assert not jnp.array_equal(*map(jax.random.key_data, apart))
    assert jnp.array_equal(*map(jax.random.key_data, together))


def test_a_diverged_chain_leaves_those_beside_it_alone():
    wild = POINT._replace(temperature=1e38)
    runs = run(langevin_sweep, plan("fig2", [POINT, wild]))
    assert (runs["diverged_at"] >= 0).tolist() == [False, False, True, True]
    assert np.isfinite(runs["ensemble_cross_entropy"].head(2)).all()


def test_a_chain_that_leaves_the_finite_numbers_is_recorded_with_its_update():
    wild = POINT._replace(learning_rate=1e30)
    runs = run(langevin_sweep, plan("fig2", [wild]))
    assert (runs["diverged_at"] >= 0).all()
    assert (runs["diverged_at"] < 16).all()


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


@pytest.fixture(scope="module")
def undisturbed():
    return {sweep: run(sweep, plan()).to_csv() for sweep in (ngd_sweep, langevin_sweep)}


@pytest.mark.parametrize(
    ("sweep", "updates"), [(ngd_sweep, 3), (ngd_sweep, 20), (langevin_sweep, 31)]
)
def test_a_killed_job_goes_on_to_the_same_bytes(tmp_path, undisturbed, sweep, updates):
    always = Folder(tmp_path / "chain", "mark", every=0)
    with pytest.raises(Killed):
        run(sweep, plan(), interrupted(updates), always)
    again = Folder(tmp_path / "chain", "mark")
    advanced = []

    @contextmanager
    def counting(total):
        yield advanced.append

    runs = run(sweep, plan(), counting, again)
    assert runs.to_csv() == undisturbed[sweep]
    # It did go on from where it was, and did not start anew.
    assert advanced[0] >= updates - 1
    assert sum(advanced) == 32
    assert again.spent > 0


def test_a_killed_job_of_two_rounds_goes_on_with_the_second(tmp_path):
    """Of four chains abreast one is a candidate that does not come out again: it runs first."""
    hot = POINT._replace(temperature=3.0)
    abreast = plan(points=[POINT, hot], together=False)._replace(abreast=True)
    candidates = {(1.0, SEEDS[1]): {"first": "1.0 2.0 3.0 4.0"}}
    assert [len(chains) for chains in abreast.rounds(candidates)] == [1, 3]
    whole = run(langevin_sweep, abreast, candidates=candidates)
    assert len(whole) == 4
    always = Folder(tmp_path / "chain", "mark", every=0)
    with pytest.raises(Killed):
        run(langevin_sweep, abreast, interrupted(21), always, candidates)
    advanced = []

    @contextmanager
    def counting(total):
        yield advanced.append

    again = Folder(tmp_path / "chain", "mark")
    assert run(langevin_sweep, abreast, counting, again, candidates).to_csv() == whole.to_csv()
    assert advanced[0] >= 20
    assert sum(advanced) == 32
