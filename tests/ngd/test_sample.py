"""The entry point: draws, statistics, warnings, and a call that is cut off and goes on."""

import re
import warnings
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ngd
from ngd import minibatch
from ngd.metrics import empirical_fisher, exact_fisher, solvers
from ngd.samplers import langevin, riemannian_langevin, stochastic_ngd
from ngd.task import Task, gradient, mean_cost

pytestmark = pytest.mark.filterwarnings("ignore::ngd.CalibrationWarning")

KEY = jax.random.key(3)


def logits(params, x):
    return jnp.stack([jnp.zeros(len(x)), x @ params["w"]], axis=1)


def problem():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(30, 2)).astype(np.float32)
    return Task(logits, x, rng.integers(0, 2, 30), ngd.l2(0.1)), {"w": jnp.zeros(2)}


def sampler():
    task, _ = problem()
    return stochastic_ngd.build(exact_fisher(task), learning_rate=0.2, damping=0.1, batch_size=5)


ARGUMENTS = dict(chains=3, burn_in=7, draws=9, thin=2)


@pytest.fixture(scope="module")
def whole():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        task, start = problem()
        inputs = {"predict": task.x[:6], "labels": task.y[:6]}
        return ngd.sample(KEY, sampler(), start, **ARGUMENTS, **inputs)


def test_draws_are_those_of_a_loop_of_steps(whole):
    task, start = problem()
    step = jax.jit(sampler().step)
    for chain, key in enumerate(jax.random.split(KEY, 3)):
        state, at = sampler().init(start), 0
        for i in range(7 + 9 * 2):
            before, key_batch = state.position, jax.random.split(jax.random.fold_in(key, i))[0]
            state, info = step(jax.random.fold_in(key, i), state)
            if i >= 7 and (i - 7) % 2 == 1:
                np.testing.assert_allclose(
                    whole.draws["w"][chain, at], state.position["w"], rtol=1e-4, atol=1e-5
                )
                found = {name: float(v[chain, at]) for name, v in whole.statistics.items()}
                cost = 30 * float(mean_cost(task, state.position))
                expected = {
                    "length": float(info.length),
                    "gradient_norm": float(info.gradient_norm),
                    "minibatch_mean_cost": float(
                        mean_cost(task, before, minibatch.draw(key_batch, 30, 5))
                    ),
                    "solver_iterations": 0.0,
                    "summed_cost": cost,
                    "lp": -cost / whole.asked,
                    "diverging": 0.0,
                    "weight": 1.0,
                    "acceptance_rate": np.nan,
                }
                assert found == pytest.approx(expected, rel=1e-3, nan_ok=True)
                at += 1
        np.testing.assert_allclose(
            whole.state.position["w"][chain], state.position["w"], rtol=1e-4, atol=1e-5
        )
    assert whole.asked == pytest.approx(0.1 * (30 / 5 - 1))


def test_the_gradient_norm_of_a_full_batch_is_that_of_the_gradient():
    task, start = problem()
    algorithm = langevin.build(task, learning_rate=0.1)
    _, info = algorithm.step(KEY, algorithm.init(start))
    assert float(info.gradient_norm) == pytest.approx(
        float(jnp.linalg.norm(gradient(task, start))), rel=1e-5
    )
    assert float(info.mean_cost) == pytest.approx(np.log(2), rel=1e-6)


@pytest.fixture
def unaided(monkeypatch):
    """Every solve by conjugate gradients: one or two in two dimensions, or three by rounding."""
    monkeypatch.setattr(solvers, "SMALL", 0)
    plain = partial(solvers.conjugate_gradients, largest=0)
    monkeypatch.setattr(solvers, "conjugate_gradients", plain)


@pytest.mark.parametrize(
    "build",
    [
        ngd.full_ngd,
        ngd.preconditioned_langevin,
        ngd.riemannian_langevin,
        partial(ngd.stochastic_ngd, batch_size=5),
        partial(ngd.riemannian_ngd, batch_size=5),
    ],
    ids=lambda build: getattr(build, "func", build).__module__.rpartition(".")[2],
)
def test_a_step_tells_its_cost_and_the_iterations_of_its_solver(unaided, build):
    task, start = problem()
    algorithm = build(exact_fisher(task), learning_rate=0.2, damping=0.1)
    _, info = jax.jit(algorithm.step)(KEY, algorithm.init(start))
    # At zero each label costs ln 2, whichever examples are drawn.
    assert float(info.mean_cost) == pytest.approx(np.log(2), rel=1e-6)
    assert 1 <= info.iterations <= 3


def test_the_iterations_of_each_draw_are_told(unaided):
    task, start = problem()
    algorithm = ngd.preconditioned_langevin(exact_fisher(task), learning_rate=0.2, damping=0.1)
    found = ngd.sample(KEY, algorithm, start, chains=2, burn_in=0, draws=3)
    assert set(np.unique(found.statistics["solver_iterations"])) <= {1, 2, 3}


def test_the_measured_temperature_is_that_of_the_collected_draws(whole):
    again = ngd.diagnostics.measured_temperature(sampler(), whole.draws)
    assert whole.measured == pytest.approx(again, rel=1e-3)


def test_the_predictions_are_those_of_the_collected_draws(whole):
    task, _ = problem()
    positions = whole.draws["w"].reshape(-1, 2)
    log_p = jax.vmap(lambda w: jax.nn.log_softmax(logits({"w": w}, task.x[:6])))(positions)
    expected = jax.nn.logsumexp(log_p, axis=0) - np.log(27)
    np.testing.assert_allclose(
        ngd.predictive.log_probabilities(whole.ensemble), expected, rtol=1e-4, atol=1e-5
    )
    scores = ngd.predictive.scores(whole.ensemble, task.y[:6])
    single = -log_p[:, jnp.arange(6), task.y[:6]].mean()
    assert float(scores.single_cross_entropy) == pytest.approx(float(single), rel=1e-4)


def leaves(samples):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(samples[:4])]


def test_a_call_that_is_cut_off_goes_on_to_the_same_bytes(whole, tmp_path, monkeypatch):
    task, start = problem()
    inputs = {"predict": task.x[:6], "labels": task.y[:6], **ARGUMENTS}
    folder = tmp_path / "run"
    monkeypatch.setattr(ngd.chains, "PIECES", 3)
    save, saved = ngd.chains._Checkpoint.save, []

    def cut_off(self, done, state):
        save(self, done, state)
        saved.append(done)
        if done in (2, 4):
            raise KeyboardInterrupt

    monkeypatch.setattr(ngd.chains._Checkpoint, "save", cut_off)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            ngd.sample(KEY, sampler(), start, checkpoint=folder, **inputs)
    found = ngd.sample(KEY, sampler(), start, checkpoint=folder, **inputs)
    assert saved == [1, 2, 3, 4, 5, 6]
    for a, b in zip(leaves(found), leaves(whole), strict=True):
        np.testing.assert_array_equal(a, b)
    for name, other in {
        "draws": {"draws": 8},
        "key": {"rng_key": jax.random.key(4)},
        "position": {"position": {"w": jnp.ones(2)}},
        "sampler": {"sampler": langevin.build(task, learning_rate=0.2)},
        "temperature": {"temperature": 2.0},
    }.items():
        arguments = {"rng_key": KEY, "sampler": sampler(), "position": start, **inputs, **other}
        with pytest.raises(ValueError, match=f"of another call: {name} differs"):
            ngd.sample(checkpoint=folder, **arguments)


@pytest.mark.parametrize("other", ["regulariser", "metric", "keep"])
def test_a_checkpoint_is_not_of_a_call_with_another_function(tmp_path, other):
    """Such have no name and no number to compare, but lead elsewhere within two updates."""
    task, start = problem()
    arguments = {**ARGUMENTS, "draws": 1, "checkpoint": tmp_path / "run"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ngd.sample(KEY, sampler(), start, **arguments)
    if other == "keep":
        arguments["keep"] = lambda position: jax.tree.map(jnp.sin, position)
    changed = task._replace(regulariser=ngd.l2(0.2)) if other == "regulariser" else task
    metric = empirical_fisher(changed) if other == "metric" else exact_fisher(changed)
    another = stochastic_ngd.build(metric, learning_rate=0.2, damping=0.1, batch_size=5)
    with pytest.raises(ValueError, match="of another call: model, metric or keep differs"):
        ngd.sample(KEY, another, start, **arguments)


def test_what_is_kept_may_be_chosen_and_a_bar_changes_nothing(whole, capfd):
    _, start = problem()
    found = ngd.sample(
        KEY, sampler(), start, **ARGUMENTS, keep=lambda p: 2 * p["w"][0], progress=True
    )
    np.testing.assert_array_equal(found.draws, 2 * whole.draws["w"][:, :, 0])
    assert found.ensemble is None
    assert "25/25" in capfd.readouterr().err


def test_arviz_has_the_draws_and_their_statistics(whole):
    pytest.importorskip("arviz")
    data = whole.to_arviz()
    np.testing.assert_array_equal(data.posterior["w"], whole.draws["w"])
    assert set(data.sample_stats) >= {
        "lp",
        "diverging",
        "gradient_norm",
        "minibatch_mean_cost",
        "summed_cost",
    }


def told(**arguments):
    """The samples, and the one warning or None."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ngd.CalibrationWarning)
        samples = ngd.sample(KEY, position={"w": jnp.zeros(2)}, **arguments)
    ours = [str(w.message) for w in caught if w.category is ngd.CalibrationWarning]
    assert len(ours) <= 1
    return samples, ours[0] if ours else None


RUN = dict(chains=16, burn_in=100, draws=100, thin=5)


def test_a_calibrated_chain_is_silent_and_one_that_is_not_is_named(gaussian):
    """On a quadratic cost all is known: langevin has T/(1 - εa/2), of ε = 0.1 and a = 1: 1.05."""
    task = gaussian(np.eye(2), np.zeros(2), 20)
    samples, message = told(sampler=langevin.build(task, learning_rate=0.1), **RUN)
    assert message is None
    assert abs(samples.measured.value - 1 / 0.95) < 4.5 * samples.measured.standard_error
    _, message = told(sampler=langevin.build(task, learning_rate=0.1), temperature=2.0, **RUN)
    assert message.startswith("temperature 2 asked for, measured 1.")
    assert "predicted 1.05" in message
    assert "learning_rate (0.1)" in message


def test_noise_that_is_not_the_metrics_is_named_with_its_cure():
    task, _ = problem()
    cold = stochastic_ngd.build(exact_fisher(task), learning_rate=0.2, damping=3.0, batch_size=3)
    _, message = told(sampler=cold, **RUN)
    assert "colder than the metric" in message
    assert "batch_size (3) and damping (3)" in message
    assert "calibrated_batch" in message
    assert "preconditioned_langevin" in message


def test_an_overshooting_chain_is_named_with_its_cure(gaussian):
    task = gaussian(np.diag([1.0, 5.0]), np.zeros(2), 20)
    short = dict(chains=2, burn_in=0, draws=5)
    _, message = told(sampler=langevin.build(task, learning_rate=0.41), **short)
    assert "overshoots" in message
    assert "2.05 and must be below 2, so lower learning_rate (0.41) below 0.4" in message
    _, message = told(
        sampler=langevin.build(task, learning_rate=100.0), chains=2, burn_in=0, draws=20
    )
    assert "2 of 2 chains diverged: lower learning_rate (100)" in message


def test_a_chain_too_short_for_its_slowest_direction_is_named(gaussian):
    task = gaussian(np.diag([1.0, 1e-3]), np.full(2, 30.0), 20)
    _, message = told(sampler=langevin.build(task, learning_rate=0.1), **RUN)
    assert re.search("slowest direction needs (9999|10000) updates", message)
    assert "the chain had 600" in message


def test_the_prior_exponent_counts_in_density_and_temperature():
    task, start = problem()
    aimed = riemannian_langevin.build(
        exact_fisher(task),
        learning_rate=0.1,
        damping=0.1,
        temperature=1.0,
        prior_exponent=0.5,
    )
    found = ngd.sample(KEY, aimed, start, chains=2, burn_in=3, draws=4)
    again = ngd.diagnostics.measured_temperature(aimed, found.draws)
    assert found.measured == pytest.approx(again, rel=1e-3)
    w = np.asarray(found.draws["w"][0, 0], float)
    x = np.asarray(task.x, float)
    p = 1 / (1 + np.exp(-x @ w))
    metric = x.T @ np.diag(p * (1 - p)) @ x / 30 + 0.1 * np.eye(2)
    lp = -float(found.statistics["summed_cost"][0, 0]) + 0.5 * np.linalg.slogdet(metric)[1]
    assert float(found.statistics["lp"][0, 0]) == pytest.approx(lp, rel=1e-4)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"chains": 0}, "chains must be a whole number >= 1, got 0"),
        ({"draws": 2.5}, "draws must be a whole number >= 1, got 2.5"),
        ({"burn_in": -1}, "burn_in must be a whole number >= 0, got -1"),
        ({"thin": 0}, "thin must be a whole number >= 1, got 0"),
        ({"temperature": float("inf")}, "temperature must be finite"),
        ({"labels": [0, 1]}, "labels must come with the inputs"),
        ({"predict": np.zeros((3, 2)), "labels": [0, 1]}, "one for each of 3 inputs, got 2"),
        ({"predict": np.zeros((2, 2)), "labels": [-1, 1]}, r"labels must be labels 0\.\.K-1"),
    ],
)
def test_bad_arguments_are_named(unchecked, wrong, says):
    _, start = problem()
    with pytest.raises(ValueError, match=says):
        ngd.sample(KEY, sampler(), start, **{**ARGUMENTS, **wrong})
