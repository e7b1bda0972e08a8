"""Fig. S4: how a sampler's ε and the cost of a sample are chosen, and what is told of it."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from tests.artifact import small

from artifact.figures.figS3 import gold_standard
from artifact.figures.figS4 import draw_figS4, every_sampler
from artifact.figures.figS4.settings_every_sampler import SAMPLERS
from artifact.problems import logistic
from ngd import laplace, samplers
from ngd.diagnostics import predicted_temperature, settings_of

N, OWN = 200, 20
SETTINGS = small.settings(
    "figS4",
    inputs=[2],
    examples=N,
    true_norm=2.0,
    learning_rate=0.1,
    damping=1e-3,
    batch_size=OWN,
    burn_in=20,
    samples=40,
    chains=2,
    repeats=1,
)
COLD = 10  # N/(1 + 2T/ε) = 200/21, rounded up


@pytest.fixture(scope="module")
def problem():
    _, task = next(gold_standard.training_sets(SETTINGS, 2, 3))
    mode = laplace.minimise(task, logistic.position(jnp.zeros(2)))
    return task, mode, every_sampler.candidates(SETTINGS, task, mode)


def test_every_sampler_of_the_library_is_there_but_for_two(problem):
    assert tuple(problem[2]) == SAMPLERS == tuple(draw_figS4.NAMES)
    assert small.config("paper").figS4.samplers == list(SAMPLERS)
    ours = {name.partition(",")[0] for name in SAMPLERS} - {"quasi_diagonal", "kfac"}
    # full_ngd has no noise, and the simplex no network.
    others = {"full_ngd", "sgrld_simplex", "Info", "SamplingAlgorithm"}
    assert ours == set(samplers.__all__) - others


@pytest.mark.parametrize("name", ["sgld", "preconditioned_langevin"])
def test_a_rate_is_the_largest_whose_predicted_temperature_is_within_a_twentieth(problem, name):
    _, mode, candidates = problem
    build = candidates[name].build
    rate, _, predicted = every_sampler.tuned(candidates[name], mode)
    assert predicted == predicted_temperature(build(rate), mode).temperature.value
    largest = predicted_temperature(build(rate), mode).largest
    step = rate * largest
    assert np.isclose(step, every_sampler.STEPS, rtol=1e-4).any()
    assert abs(predicted_temperature(build(rate), mode).temperature.value - 1) <= 0.05
    assert abs(predicted_temperature(build(2 * rate), mode).temperature.value - 1) > 0.05
    # Eq. (8) is at T/(1 - ε/2) where F is the curvature, SGLD at some (1 + εa(N/B - 1)/2).
    assert step < 0.4


def test_with_a_metropolis_test_it_is_the_largest_of_the_proposals_and_else_the_settings(problem):
    task, mode, candidates = problem
    x, y = np.asarray(task.x, float), np.asarray(task.y)
    w = np.asarray(mode["params"]["weights"], float)
    p = 1 / (1 + np.exp(-x @ w))
    assert 0 < y.mean() < 1
    curvature = np.linalg.eigvalsh((x * (p * (1 - p))[:, None]).T @ x / N)[-1]
    rates = {
        name: every_sampler.tuned(candidates[name], mode)[0]
        for name in ("mala", "sgd", "stochastic_ngd")
    }
    assert rates["mala"] == pytest.approx(0.4 / curvature, rel=1e-3)
    assert rates["sgd"] == pytest.approx(0.1 / curvature, rel=1e-3)
    assert rates["stochastic_ngd"] == 0.1


@pytest.mark.parametrize(
    ("name", "gradients"),
    [
        ("langevin", N),
        ("mala", N),
        ("sgld", OWN),
        ("sgfs", OWN),
        ("preconditioned_langevin", 2 * N),
        ("sgrld", N + OWN),
        ("stochastic_ngd", N + COLD),
        ("constant_sgd, full", COLD),
        ("iterate_averaging", 20 * COLD),
    ],
)
def test_every_sample_costs_about_two_full_gradients(problem, name, gradients):
    candidate = problem[2][name]
    sampler = candidate.build(0.1)
    assert every_sampler.spacing(candidate, sampler) == max(1, round(2 * N / gradients))


def test_those_that_have_their_temperature_by_the_batch_have_theorem_2s(problem):
    for name in ("stochastic_ngd", "mandt", "riemannian_ngd", "sgd"):
        assert settings_of(problem[2][name].build(0.1)).batch_size == COLD
    averaged = settings_of(problem[2]["iterate_averaging"].build(0.1))
    assert (averaged.batch_size, averaged.window) == (COLD, N // COLD)
    sgfs = settings_of(problem[2]["sgfs"].build(0.3))
    assert sgfs.learning_rate == pytest.approx(0.1)


def test_what_is_told_of_a_sampler_that_draws_from_the_posterior_and_of_one_that_diverges(problem):
    task, mode, candidates = problem
    settings = SETTINGS.model_copy(update={"burn_in": 200, "samples": 2000, "chains": 4})
    gold = gold_standard.nuts(
        task,
        settings.model_copy(update={"nuts_samples": 1000}),
        0.0,
        mode["params"]["weights"],
        every_sampler.key(1, "figS4", "nuts"),
    )
    one = candidates["mala"]
    told, timed = every_sampler._one("mala", one, settings, 5, 2, 0, mode, lambda: gold)
    assert told["measured"] == pytest.approx(1, abs=0.15)
    assert told["distance"] < 0.12
    assert told["predicted"] == 1
    assert 100 < timed["effective"] <= 8000
    assert timed["gradients"] == 2 * 4 * 2000

    def wild(rate):
        plain = samplers.langevin.build(task, learning_rate=rate)

        def step(rng_key, state):
            state, info = plain.step(rng_key, state)
            nowhere = jax.tree.map(lambda w: w * jnp.nan, state.position)
            return state._replace(position=nowhere), info

        return plain._replace(step=step)

    lost = every_sampler.Candidate(wild, False, None, (0.1,))
    told, timed = every_sampler._one("lost", lost, settings, 5, 2, 0, mode, lambda: gold)
    assert told["distance"] == np.inf
    assert np.isnan(told["measured"])
    assert timed["effective"] == 0


def test_the_posterior_has_no_prior_and_each_training_set_its_rows(monkeypatch):
    """Of 40 examples: |F + δI|^{1/2} would move the mean by a good part of a deviation."""
    chosen = {"examples": 40, "batch_size": 10, "burn_in": 200, "samples": 3000, "chains": 4}
    nuts = {"nuts_warm_up": 300, "nuts_samples": 1500}
    settings = SETTINGS.model_copy(update={**chosen, **nuts, "repeats": 2, "samplers": ["mala"]})
    pieces = {}

    def kept(name, make):
        if name not in pieces:
            pieces[name] = make()
        return pieces[name]

    tables = every_sampler.run(settings, 3, small.silent, kept)
    for table in tables.values():
        assert table["sampler"].tolist() == ["nuts", "mala"] * 2
        assert table["repeat"].tolist() == [0, 0, 1, 1]
    found = tables["distances"]
    assert found["seed"].nunique() == 2
    assert found["distance"].max() < 0.12
    speed = tables["speed"].set_index("sampler").loc["mala"]
    assert (speed["effective"] / speed["gradients"] < 1).all()
    assert (speed["seconds"] > 0).all()
    # What is kept is not made again, NUTS neither.
    monkeypatch.setattr(gold_standard, "nuts", pytest.fail)
    monkeypatch.setattr(every_sampler, "_one", pytest.fail)
    for name, table in every_sampler.run(settings, 3, small.silent, kept).items():
        pd.testing.assert_frame_equal(table, tables[name])


@pytest.mark.parametrize(("size", "rule"), [(200, "be < 200"), (9, "be >= 10")])
def test_a_batch_that_leaves_no_noise_or_no_step_of_sgfs_is_refused(size, rule):
    with pytest.raises(Exception, match=f"batch_size = {size} is not allowed; must {rule}"):
        small.settings("figS4", examples=200, learning_rate=0.1, batch_size=size)
