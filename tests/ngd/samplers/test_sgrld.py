"""Riemannian Langevin dynamics with minibatches' gradients, in general and on the simplex."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.linalg import solve_discrete_lyapunov

import ngd
from ngd import minibatch
from ngd.metrics import exact_fisher, sampled_fisher
from ngd.samplers import riemannian_langevin, sgrld, sgrld_simplex
from ngd.task import gradient

RATE, DAMPING = 0.3, 0.2


def general(metric, batch_size, temperature=1.5):
    return sgrld.build(
        metric, learning_rate=RATE, damping=DAMPING, batch_size=batch_size, temperature=temperature
    )


def test_with_all_examples_it_is_riemannian_langevin_and_a_minibatch_moves_its_gradient(toy, x64):
    """Δω of B examples less that of all is -εG⁻¹(g_B - g), with the same noise."""
    task, params = toy("logistic")
    metric, n = exact_fisher(task), task.examples
    key = jax.random.key(3)
    key_batch, key_rest = jax.random.split(key)
    plain = riemannian_langevin.build(metric, learning_rate=RATE, damping=DAMPING, temperature=1.5)
    expected, _ = plain.step(key_rest, plain.init(params))
    whole, some = general(metric, n), general(metric, 4)
    found, _ = whole.step(key, whole.init(params))
    np.testing.assert_array_equal(found.position["w"], expected.position["w"])
    moved, info = some.step(key, some.init(params))
    off = gradient(task, params, minibatch.draw(key_batch, n, 4))
    rows = metric.at(params).written()
    g = rows.T @ rows + DAMPING * jnp.eye(3)
    apart = -RATE * jnp.linalg.solve(g, off - gradient(task, params))
    np.testing.assert_allclose(
        moved.position["w"] - found.position["w"], apart, rtol=1e-9, atol=1e-12
    )
    assert float(info.gradient_norm) == pytest.approx(float(jnp.linalg.norm(off)))


CURVATURE = np.array([[1.0, 0.4], [0.4, 0.8]])
POINTS = np.random.default_rng(11).normal(size=(12, 2)) * [1.0, 0.5]
ROWS = np.array([[1.0, 0.5], [0.0, 0.7], [0.2, 0.0]])


def test_its_covariance_is_that_of_the_lyapunov_equation(
    least_squares, constant, chains, assert_moments
):
    """Both noises: cMSM of minibatches, (2εT/N)M of its own."""
    task = least_squares(CURVATURE, POINTS)
    sampler = general(constant(task, ROWS), 3)
    m = RATE * np.linalg.inv(ROWS.T @ ROWS + DAMPING * np.eye(2))
    s = CURVATURE @ np.cov(POINTS, rowvar=False, bias=True) @ CURVATURE
    q = 9 / (3 * 11) * m @ s @ m + 2 * 1.5 / 12 * m
    sigma = solve_discrete_lyapunov(np.eye(2) - m @ CURVATURE, q)
    start = {"w": jnp.zeros(2)}
    predicted = ngd.diagnostics.predicted_temperature(sampler, start).temperature.value
    assert predicted == pytest.approx(6 * np.trace(CURVATURE @ sigma), rel=1e-4)
    assert ngd.diagnostics.nominal_temperature(sampler.settings) == 1.5
    draws = chains(sampler, start, n=1500, burn_in=60, samples=5, every=5)
    assert_moments(draws, POINTS.mean(axis=0), sigma)


ALPHA = np.array([1.5, 2.0, 3.0])
LABELS = np.repeat([0, 1, 2], [2, 4, 6])


def simplex(rate, batch_size=12, alpha=ALPHA):
    return sgrld_simplex.build(
        LABELS, concentration=alpha, learning_rate=rate, batch_size=batch_size
    )


def test_an_update_on_the_simplex_is_the_general_one_reflected(x64):
    """From the task's own gradient and the correction of G = diag(1/θ), for 40 keys."""
    theta = jnp.array([0.01, 1.0, 2.5])
    sampler = simplex(0.4, 2, np.array([0.2, 2.0, 3.0]))
    task, state = sampler.settings.task, sampler.init(theta)
    metric = sampler.settings.metric
    extra = riemannian_langevin.correction(metric, theta, 0.0, 0.0)
    np.testing.assert_allclose(extra, 1.0, rtol=1e-12)
    reflected = 0
    for key in jax.random.split(jax.random.key(0), 40):
        key_batch, key_noise = jax.random.split(key)
        g = gradient(task, theta, minibatch.draw(key_batch, 12, 2))
        noise = jnp.sqrt(2 * 0.4 / 12 * theta) * jax.random.normal(key_noise, (3,))
        expected = theta - 0.4 * theta * g + 0.4 / 12 * extra + noise
        reflected += int((expected < 0).any())
        found, info = sampler.step(key, state)
        np.testing.assert_allclose(found.position, jnp.abs(expected), rtol=1e-10, atol=1e-14)
        assert float(info.gradient_norm) == pytest.approx(float(jnp.linalg.norm(g)), rel=1e-9)
    assert reflected > 1


def test_its_probabilities_have_the_dirichlet_posterior(chains):
    draws = chains(simplex(0.1), jnp.asarray(ALPHA), n=3000, burn_in=500, seed=2)[:, 0]
    found = draws / draws.sum(axis=1, keepdims=True)
    exact = stats.dirichlet(ALPHA + np.bincount(LABELS))
    error = 4.5 * np.sqrt(exact.var() / len(found))
    assert (np.abs(found.mean(axis=0) - exact.mean()) < error + 0.01 * exact.mean()).all()
    # At ε = 0.1 variances are a few percent off, and known to 2.6%.
    np.testing.assert_allclose(found.var(axis=0), exact.var(), rtol=0.15)


def test_the_sum_has_the_moments_of_its_own_recursion_at_any_step(chains, z_scores):
    """No minibatch's noise is in it: mean Σα, variance Σα/(1 - h/4), where nothing is reflected."""
    alpha, rate = np.array([12.0, 15.0, 20.0]), 4.8
    draws = chains(simplex(rate, 3, alpha), jnp.asarray(alpha), n=3000, burn_in=40)[:, 0]
    total, h = draws.sum(axis=1), 2 * rate / 12
    moments = np.stack([total, (total - alpha.sum()) ** 2], axis=1)
    expected = [alpha.sum(), alpha.sum() / (1 - h / 4)]
    assert np.abs(z_scores(moments, expected)).max() < 4.5
    assert z_scores(moments, [alpha.sum(), alpha.sum()])[1] > 3


def test_what_is_no_simplex_is_refused(unchecked):
    given = {"concentration": ALPHA, "learning_rate": 0.1, "batch_size": 4}
    for wrong, says in [
        ({"concentration": [1.0, 0.0, 1.0]}, r"concentration must be numbers > 0"),
        ({"concentration": [1.0]}, r"concentration must be numbers > 0 of shape \(K,\), K >= 2"),
        ({"concentration": [1.0, 1.0]}, r"y must be labels 0\.\.1, got 2"),
        ({"learning_rate": 0.0}, r"learning_rate must be > 0, got 0\.0"),
        ({"batch_size": 13}, r"batch_size must be a whole number in 1\.\.12, got 13"),
    ]:
        with pytest.raises(ValueError, match=says):
            sgrld_simplex.build(LABELS, **{**given, **wrong})
    for start in (jnp.array([1.0, 0.0, 1.0]), jnp.ones(2)):
        with pytest.raises(ValueError, match=r"position must be numbers > 0 of shape \(3,\)"):
            simplex(0.1).init(start)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"learning_rate": 0.0}, "learning_rate must be > 0, got 0.0"),
        ({"temperature": -1.0}, "temperature must be >= 0, got -1.0"),
        ({"damping": -1.0}, "damping must be >= 0, got -1.0"),
        ({"batch_size": 0}, r"batch_size must be a whole number in 1\.\.12, got 0"),
    ],
)
def test_bad_arguments_are_named(toy, wrong, says):
    task, _ = toy("logistic")
    given = {"learning_rate": 0.1, "damping": 0.1, "batch_size": 4, **wrong}
    with pytest.raises(ValueError, match=says):
        sgrld.build(exact_fisher(task), **given)


def test_a_metric_with_chance_is_refused(toy):
    task, _ = toy("logistic")
    with pytest.raises(ValueError, match="must be a function of the parameters alone"):
        sgrld.build(sampled_fisher(task, 5), learning_rate=0.1, damping=0.1, batch_size=4)
