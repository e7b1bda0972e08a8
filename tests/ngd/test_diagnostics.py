"""Predicted temperatures against scipy's Lyapunov equation, measured ones against exact laws."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov

import ngd
from ngd import diagnostics
from ngd.metrics import exact_fisher, moving_average, sampled_fisher
from ngd.metrics.metric import memoryless
from ngd.samplers import (
    full_ngd,
    langevin,
    mandt,
    preconditioned_langevin,
    riemannian_langevin,
    stochastic_ngd,
)
from ngd.task import Task, l2, per_example_gradients

N = 40


@functools.cache
def problem():
    """Three classes, whose labels the model has not drawn: A, F and S all differ."""
    rng = np.random.default_rng(5)
    x = jnp.asarray(rng.normal(size=(N, 2)))
    task = Task(lambda p, x: x @ p["w"] + p["b"], x, jnp.asarray(rng.integers(0, 3, N)), l2(0.1))
    return task, {"w": jnp.asarray(rng.normal(size=(2, 3))), "b": jnp.asarray(rng.normal(size=3))}


def matrices(task, params):
    """A, F and S, in numpy."""
    flat, unravel = jax.flatten_util.ravel_pytree(params)
    cost = lambda w: ngd.task.mean_cost(task, unravel(w))  # noqa: E731
    rows = np.asarray(ngd.metrics.fisher.exact_rows(task, params))
    gradients = np.asarray(per_example_gradients(task, params, task.x, task.y))
    return (
        np.asarray(jax.hessian(cost)(flat)),
        rows.T @ rows,
        np.atleast_2d(np.cov(gradients.T, bias=True)),
    )


def lyapunov(a, m, rate, q):
    """The eigenvalues of NAΣ, by scipy's solution of the equation itself."""
    sigma = solve_discrete_lyapunov(np.eye(len(a)) - rate * m @ a, q)
    return np.sort(np.linalg.eigvals(N * a @ sigma).real)


def cases():
    """Name -> (sampler of a task, M, Q) with B = 4 where there is one."""
    c, rate, delta = (N - 4) / (4 * (N - 1)), 0.3, 0.2

    def inverse(g):
        return np.linalg.inv(g + delta * np.eye(len(g)))

    return {
        "langevin": (
            lambda t: langevin.build(t, learning_rate=rate, temperature=1.5),
            lambda a, f, s: (np.eye(9), 2 * rate * 1.5 / N * np.eye(9)),
        ),
        "preconditioned_langevin": (
            lambda t: preconditioned_langevin.build(
                exact_fisher(t), learning_rate=rate, damping=delta, temperature=1.5
            ),
            lambda a, f, s: (inverse(f), 2 * rate * 1.5 / N * inverse(f)),
        ),
        "preconditioned_langevin of minibatches": (
            lambda t: preconditioned_langevin.build(
                exact_fisher(t), learning_rate=rate, damping=delta, temperature=1.5, batch_size=4
            ),
            lambda a, f, s: (
                inverse(f),
                2 * rate * 1.5 / N * inverse(f) + rate**2 * c * inverse(f) @ s @ inverse(f),
            ),
        ),
        "stochastic_ngd": (
            lambda t: stochastic_ngd.build(
                exact_fisher(t), learning_rate=rate, damping=delta, batch_size=4
            ),
            lambda a, f, s: (inverse(f), rate**2 * c * inverse(f) @ s @ inverse(f)),
        ),
        "mandt": (
            lambda t: mandt.build(t, learning_rate=rate, batch_size=4, damping=delta),
            lambda a, f, s: (inverse(s), rate**2 * c * inverse(s) @ s @ inverse(s)),
        ),
        "ngd": (
            lambda t: full_ngd.build(exact_fisher(t), learning_rate=rate, damping=delta),
            lambda a, f, s: (inverse(f), np.zeros((9, 9))),
        ),
    }


@pytest.mark.parametrize("name", cases())
def test_the_prediction_is_scipys_solution_of_the_lyapunov_equation(x64, name):
    task, params = problem()
    build, parts = cases()[name]
    a, f, s = matrices(task, params)
    m, q = parts(a, f, s)
    got = diagnostics.predicted_temperature(build(task), params)
    expected = lyapunov(a, m, 0.3, q)
    assert got.temperature.value == pytest.approx(expected.mean(), rel=1e-8, abs=1e-12)
    assert got.temperature.standard_error == 0
    np.testing.assert_allclose(got.directions, expected, rtol=1e-8, atol=1e-12)
    radius = np.abs(np.linalg.eigvals(np.eye(9) - 0.3 * m @ a)).max()
    assert got.spectral_radius == pytest.approx(radius, rel=1e-8)
    assert got.relaxation == pytest.approx(-1 / np.log(radius), rel=1e-6)


@pytest.mark.parametrize("name", ["preconditioned_langevin", "stochastic_ngd", "langevin"])
def test_probes_find_what_the_matrices_say(x64, name):
    task, params = problem()
    algorithm = cases()[name][0](task)
    exact = diagnostics.predicted_temperature(algorithm, params)
    got = diagnostics.predicted_temperature(algorithm, params, dense=False, probes=100)
    assert abs(got.temperature.value - exact.temperature.value) < (
        4.5 * got.temperature.standard_error + 1e-3 * exact.temperature.value
    )
    assert got.temperature.standard_error < 0.2 * exact.temperature.value
    # Nine Lanczos steps span the space.
    assert got.spectral_radius == pytest.approx(exact.spectral_radius, rel=1e-5)
    assert got.largest == pytest.approx(exact.largest, rel=1e-5)


def scattered(task, rows, factors):
    """A metric that is one of two at random, G = (1 or 4) times UᵀU."""

    def factor(key, position):
        return jnp.asarray(rows) * jnp.where(jax.random.bernoulli(key), *factors)

    return memoryless(task, factor, pure=False)


def test_a_metric_with_chance_widens_the_covariance(gaussian, x64):
    """M is m₁ or m₂: in one dimension Σ(1 - E[(1-εma)²]) = ε²c s E[m²], all by hand."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, 1))
    task = Task(
        lambda p, x: jnp.stack([jnp.zeros(len(x)), x @ p["w"]], axis=1), x, rng.integers(0, 2, N)
    )
    params = {"w": jnp.zeros(1)}
    a, _, s = matrices(task, params)
    metric = scattered(task, np.eye(1), (1.0, 2.0))
    algorithm = stochastic_ngd.build(metric, learning_rate=0.8, damping=0.0, batch_size=4)
    c = (N - 4) / (4 * (N - 1))

    def drawn(key, estimates):
        ones = [jax.random.bernoulli(jax.random.fold_in(key, i)) for i in range(estimates)]
        assert 0 < sum(map(bool, ones)) < estimates
        return np.where(np.asarray(ones), 1.0, 0.25)

    m = drawn(jax.random.key(0), diagnostics.dense.ESTIMATES)
    left = 1 - np.mean((1 - 0.8 * m * a[0, 0]) ** 2)
    sigma = 0.8**2 * c * s * np.mean(m**2) / left
    got = diagnostics.predicted_temperature(algorithm, params)
    assert got.temperature.value == pytest.approx(N * a[0, 0] * sigma.item(), rel=1e-6)
    # Probes leave out what chance does to the drift, of order ε.
    m = drawn(jax.random.split(jax.random.key(0))[0], diagnostics.probed.PROBED_ESTIMATES)
    left = 1 - (1 - 0.8 * m.mean() * a[0, 0]) ** 2
    sigma = 0.8**2 * c * s * np.mean(m**2) / left
    probed = diagnostics.predicted_temperature(algorithm, params, dense=False, probes=200)
    off = probed.temperature.value - N * a[0, 0] * sigma.item()
    assert abs(off) < 4.5 * probed.temperature.standard_error


def test_an_averaged_metric_is_judged_once_it_has_forgotten_its_start(x64):
    task, params = problem()
    metric = moving_average(sampled_fisher(task, N), 0.9)
    got = diagnostics.predicted_temperature(
        stochastic_ngd.build(metric, learning_rate=0.3, damping=0.2, batch_size=4), params
    )
    exact = diagnostics.predicted_temperature(cases()["stochastic_ngd"][0](task), params)
    assert got.temperature.value == pytest.approx(exact.temperature.value, rel=0.1)


@pytest.mark.parametrize("dense", [True, False])
def test_an_overshooting_recursion_is_hot_without_bound(gaussian, x64, dense):
    task = gaussian(np.diag([1.0, 5.0]), np.zeros(2), 20)
    for rate, hot in ((0.39, False), (0.41, True)):
        got = diagnostics.predicted_temperature(
            langevin.build(task, learning_rate=rate), {"w": jnp.zeros(2)}, dense=dense
        )
        assert np.isinf(got.temperature.value) == hot
        assert (got.spectral_radius > 1) == hot


def test_a_saddle_is_told_by_its_spectral_radius(gaussian, x64):
    task = gaussian(np.diag([1.0, -0.5]), np.zeros(2), 20)
    got = diagnostics.predicted_temperature(
        langevin.build(task, learning_rate=0.1), {"w": jnp.zeros(2)}
    )
    assert got.spectral_radius == pytest.approx(1.05)
    assert np.isinf(got.relaxation)
    assert got.directions is None


def test_mirrored_logistic_regression_has_theorem_2s_temperature_but_for_the_step(x64):
    """Every x twice, with labels 0 and 1: F = A = S, so T̂ = T N/(N-1)/(1 - ε/2)."""
    x = np.repeat(np.random.default_rng(0).normal(size=(50, 3)), 2, axis=0)
    task = Task(
        lambda p, x: jnp.stack([jnp.zeros(len(x)), x @ p["w"]], axis=1), x, np.arange(100) % 2
    )
    algorithm = stochastic_ngd.build(
        exact_fisher(task), learning_rate=0.5, damping=0.0, batch_size=25
    )
    got = diagnostics.predicted_temperature(algorithm, {"w": jnp.zeros(3)})
    expected = ngd.theorem_2.temperature(0.5, 100, 25) * 100 / 99 / (1 - 0.5 / 2)
    np.testing.assert_allclose(got.directions, expected, rtol=1e-8)
    assert diagnostics.nominal_temperature(algorithm.settings) == pytest.approx(0.75)


def test_directions_are_no_matter_of_axes_where_curvatures_are_equal(x64):
    """F = A and δ = λ: all curvatures of MA are 1, to rounding, and no axis is told."""
    x = np.random.default_rng(3).normal(size=(200, 4))
    y = (np.abs(x[:, 0]) > 1).astype(int)

    def predicted(shift):
        task = Task(
            lambda p, x: jnp.stack([jnp.zeros(len(x)), x @ p["w"]], axis=1), x, y, l2(0.001)
        )
        position = jax.tree.map(
            lambda leaf: leaf + shift, ngd.laplace.minimise(task, {"w": jnp.zeros(4)})
        )
        sampler = stochastic_ngd.build(
            exact_fisher(task), learning_rate=0.1, damping=0.001, batch_size=20
        )
        return diagnostics.predicted_temperature(sampler, position)

    one, other = predicted(0.0), predicted(1e-7)
    assert one.directions[-1] > 1.1 * one.directions[0]
    np.testing.assert_allclose(one.directions, other.directions, rtol=1e-4)


@pytest.mark.parametrize("size", [(8, 500), (2000, 2)], ids=["long", "short"])
def test_draws_of_an_exact_law_have_its_temperature(gaussian, x64, size):
    """Independent draws of N(μ, (T/N) A⁻¹), at T = 0.3, also of chains so short that their own
    means would take half of it away.
    """
    curvature = np.array([[2.0, 0.5], [0.5, 1.0]])
    centre = np.array([3.0, -40.0])
    task = gaussian(curvature, centre, 25)
    rng = np.random.default_rng(1)
    draws = centre + rng.multivariate_normal(
        np.zeros(2), 0.3 / 25 * np.linalg.inv(curvature), size=size
    )
    got = diagnostics.measured_temperature(
        langevin.build(task, learning_rate=0.1), {"w": jnp.asarray(draws)}
    )
    # |z|² of 8000 degrees of freedom.
    assert got.standard_error < 3 * 0.3 * np.sqrt(2 / 8000)
    assert abs(got.value - 0.3) < 4.5 * 0.3 * np.sqrt(2 / 8000)
    assert abs(got.value - 0.3) < 6 * got.standard_error


@pytest.mark.parametrize("k", [0.0, 1.0])
def test_the_virial_holds_for_any_prior_exponent(gaussian, x64, k):
    """C = ω²/2, G = 1 + ω², by inverse transform on a grid: T = 2 whatever k, if k is told."""
    task = gaussian(np.eye(1), np.zeros(1), 1)
    metric = memoryless(task, lambda key, position: jnp.stack([jnp.ones(1), position["w"]]))
    w = np.linspace(-12, 12, 20001)
    density = np.exp(-(w**2) / 4) * (1 + w**2) ** k
    quantile = np.interp(
        np.random.default_rng(0).random((20, 500)), np.cumsum(density) / density.sum(), w
    )
    draws = {"w": jnp.asarray(quantile[:, :, None])}
    algorithm = riemannian_langevin.build(
        metric, learning_rate=0.1, damping=0.0, temperature=2.0, prior_exponent=k
    )
    got = diagnostics.measured_temperature(algorithm, draws)
    assert abs(got.value - 2) < 4.5 * got.standard_error
    assert got.standard_error < 0.1
    if k:
        flat = diagnostics.measured_temperature(algorithm, draws, prior_exponent=0.0)
        assert flat.value > 2.5


def test_a_temperature_needs_two_chains(gaussian):
    task = gaussian(np.eye(1), np.zeros(1), 4)
    with pytest.raises(ValueError, match="2 chains or more, got 1"):
        diagnostics.measured_temperature(
            langevin.build(task, learning_rate=0.1), {"w": jnp.zeros((1, 5, 1))}
        )


def test_samplers_of_another_make_are_refused():
    other = ngd.samplers.SamplingAlgorithm(lambda p: p, lambda k, s: (s, None))
    with pytest.raises(ValueError, match=r"must be built by ngd\.samplers"):
        diagnostics.predicted_temperature(other, {"w": jnp.zeros(2)})


def test_a_calibrated_batch_has_the_temperature_asked_for(x64):
    task, params = problem()
    params = ngd.laplace.minimise(task, params, 1e-9)
    found = diagnostics.calibrated_batch(exact_fisher(task), params, learning_rate=0.3)
    algorithm = stochastic_ngd.build(
        exact_fisher(task),
        learning_rate=0.3,
        damping=found.damping,
        batch_size=found.batch_size,
    )
    again = diagnostics.predicted_temperature(algorithm, params)
    assert again.temperature.value == pytest.approx(1.0, rel=0.1)
    assert again.temperature.value == pytest.approx(found.prediction.temperature.value, rel=1e-9)
    # The neighbours are further off.
    for size in (found.batch_size - 1, found.batch_size + 1):
        other = stochastic_ngd.build(
            exact_fisher(task), learning_rate=0.3, damping=found.damping, batch_size=size
        )
        got = diagnostics.predicted_temperature(other, params).temperature.value
        assert abs(got - 1) >= abs(again.temperature.value - 1)


@pytest.mark.parametrize("asked", [1e4, 1e-4])
def test_a_temperature_that_no_batch_has_is_refused_with_those_that_some_have(x64, asked):
    task, params = problem()
    with pytest.raises(ValueError, match=r"no batch size in 1\.\.40 .*at δ = 0\.1.*langevin"):
        diagnostics.calibrated_batch(
            exact_fisher(task), params, learning_rate=0.3, temperature=asked, dampings=[0.1]
        )


def test_convergence_is_arvizs_and_tells_chains_that_disagree():
    arviz = pytest.importorskip("arviz")
    rng = np.random.default_rng(0)
    draws = {"a": rng.normal(size=(4, 200)), "b": rng.normal(size=(4, 200, 2, 3))}
    got = diagnostics.convergence(draws)
    flat = [draws["a"], *(draws["b"][:, :, i, j] for i in range(2) for j in range(3))]
    assert got.ess == pytest.approx(min(float(arviz.ess(one)) for one in flat), rel=1e-9)
    assert got.rhat == pytest.approx(max(float(arviz.rhat(one)) for one in flat), rel=1e-9)
    draws["b"][0] += 5
    assert diagnostics.convergence(draws).rhat > 1.5
