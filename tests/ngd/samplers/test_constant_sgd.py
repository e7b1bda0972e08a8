"""Mandt, Hoffman & Blei's constant steps and means of iterates, against Lyapunov's equation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov, solve_discrete_lyapunov
from scipy.optimize import minimize

import ngd
from ngd import minibatch
from ngd.diagnostics import predicted_temperature
from ngd.samplers import constant_sgd, iterate_averaging, sgd
from ngd.task import gradient

A = np.array([[1.0, 0.4, 0.0], [0.4, 0.8, -0.2], [0.0, -0.2, 0.5]])
POINTS = np.random.default_rng(11).normal(size=(12, 3)) * [1.0, 0.5, 2.0]
S = A @ np.cov(POINTS, rowvar=False, bias=True) @ A
N, B = 12, 3
C = (N - B) / (B * (N - 1))


def mean():
    """The minimum, in the precision in force."""
    return {"w": jnp.asarray(POINTS.mean(axis=0))}


def preconditioner(kind, s, temperature, c=C):
    """M of T by the formulas, in numpy; A and S neither commute nor are proportional."""
    scale = 2 * temperature / (N * c)
    return (
        scale
        * {
            "scalar": len(s) / np.trace(s) * np.eye(len(s)),
            "diagonal": np.diag(1 / np.diag(s)),
            "full": np.linalg.inv(s),
        }[kind]
    )


def covariance(m):
    return solve_discrete_lyapunov(np.eye(3) - m @ A, C * m @ S @ m.T)


@pytest.mark.parametrize("kind", constant_sgd.PRECONDITIONERS)
def test_a_step_is_its_preconditioners_and_the_temperature_is_lyapunovs(least_squares, x64, kind):
    task = least_squares(A, POINTS)

    def built(temperature):
        return constant_sgd.build(
            task, mean(), preconditioner=kind, batch_size=B, temperature=temperature
        )

    sampler, m = built(0.02), preconditioner(kind, S, 0.02)
    start = {"w": jnp.array([1.0, -2.0, 0.5])}
    key = jax.random.key(4)
    found, _ = sampler.step(key, sampler.init(start))
    seen = gradient(task, start, minibatch.draw(jax.random.split(key)[0], N, B))
    np.testing.assert_allclose(found.position["w"], start["w"] - m @ seen, rtol=1e-9)
    predicted = predicted_temperature(sampler, mean()).temperature.value
    assert predicted == pytest.approx(N * np.trace(A @ covariance(m)) / 3, rel=1e-6)
    assert ngd.diagnostics.nominal_temperature(sampler.settings) == 0.02
    # In the mean it is T as M -> 0, of all three.
    small = predicted_temperature(built(1e-4), mean()).temperature.value
    assert small == pytest.approx(1e-4, rel=0.01)
    # And beyond 2 over the largest curvature it is none.
    assert np.isinf(predicted_temperature(built(100.0), mean()).temperature.value)


def test_the_chain_of_the_diagonal_one_has_the_covariance(least_squares, chains, assert_moments):
    sampler = constant_sgd.build(
        least_squares(A, POINTS), mean(), preconditioner="diagonal", batch_size=B, temperature=0.1
    )
    draws = chains(sampler, mean(), n=1500, burn_in=100, samples=5, every=10)
    assert_moments(draws, POINTS.mean(axis=0), covariance(preconditioner("diagonal", S, 0.1)))


def divergence(m, a, s, temperature):
    """KL of N(0, Σ) from N(0, (T/N) A⁻¹), AΣ + ΣA = cMSM as M -> 0, up to a constant."""
    sigma = solve_continuous_lyapunov(m @ a, C * m @ s @ m.T)
    return N / temperature * np.trace(a @ sigma) - np.linalg.slogdet(sigma)[1]


def test_the_scalar_and_the_diagonal_are_the_closest_to_the_posterior():
    t, diagonal = 1.7, np.diag([2.0, 0.3, 0.7])
    for kind, a, s, size in [
        ("scalar", A, S, 1),
        ("diagonal", np.diag([1.0, 0.4, 3.0]), diagonal, 3),
    ]:
        log_m = lambda v, a=a, s=s: divergence(np.diag(np.exp(v) * np.ones(3)), a, s, t)  # noqa: E731
        best = minimize(log_m, np.zeros(size), tol=1e-10)
        expected = np.diag(preconditioner(kind, s, t))[:size]
        np.testing.assert_allclose(np.exp(best.x), expected, rtol=1e-4)
    # The full one is exact, whatever A.
    full = preconditioner("full", S, t)
    sigma = solve_continuous_lyapunov(full @ A, C * full @ S @ full)
    np.testing.assert_allclose(sigma, t / N * np.linalg.inv(A), rtol=1e-9)


def of_means(m, window):
    """W⁻²[WΣ + Σ_k (W-k)(J^kΣ + ΣJ^kᵀ)], J = I - MA."""
    sigma, j = covariance(m), np.eye(3) - m @ A
    total = window * sigma
    for k in range(1, window):
        power = np.linalg.matrix_power(j, k)
        total = total + (window - k) * (power @ sigma + sigma @ power.T)
    return total / window**2


def test_the_means_of_iterates_have_their_covariance(least_squares, chains, assert_moments, x64):
    task = least_squares(A, POINTS)
    sampler = iterate_averaging.build(sgd.build(task, learning_rate=0.4, batch_size=B), window=5)
    draws = chains(sampler, mean(), n=1500, burn_in=10, samples=4, every=3)
    assert_moments(draws, POINTS.mean(axis=0), of_means(0.4 * np.eye(3), 5))


def test_the_temperature_of_means_is_predicted_up_to_the_sandwich(least_squares, x64):
    task = least_squares(A, POINTS)

    def predicted(inner, window):
        sampler = iterate_averaging.build(inner, window=window)
        found = predicted_temperature(sampler, mean())
        return found, ngd.diagnostics.nominal_temperature(sampler.settings)

    inner = sgd.build(task, learning_rate=0.4, batch_size=B)
    one, _ = predicted(inner, 1)
    assert one.temperature == predicted_temperature(inner, mean()).temperature
    for window in (5, 20):
        found, nominal = predicted(inner, window)
        exact = np.linalg.eigvals(N * A @ of_means(0.4 * np.eye(3), window)).real
        assert found.temperature.value == pytest.approx(exact.mean(), rel=1e-6)
        np.testing.assert_allclose(found.directions, np.sort(exact), rtol=1e-6)
        assert found.spectral_radius == pytest.approx(one.spectral_radius**window)
        assert found.relaxation == pytest.approx(one.relaxation / window)
        assert nominal == pytest.approx(N * C / window)
    # As W grows, (c/W) A⁻¹SA⁻¹, whatever the preconditioner.
    diagonal = constant_sgd.build(
        task, mean(), preconditioner="diagonal", batch_size=B, temperature=0.1
    )
    for other in (inner, diagonal):
        found, nominal = predicted(other, 4000)
        sandwich = C / 4000 * np.linalg.inv(A) @ S @ np.linalg.inv(A)
        limit = N * np.trace(A @ sandwich) / 3
        assert found.temperature.value == pytest.approx(limit, rel=0.02)
        assert nominal == pytest.approx(N * C / 4000)
    with pytest.raises(ValueError, match="at most 600 parameters"):
        predicted_temperature(iterate_averaging.build(inner, window=5), mean(), dense=False)


def test_a_mean_is_that_of_a_loop_of_steps(least_squares, x64):
    task = least_squares(A, POINTS)
    inner = sgd.build(task, learning_rate=0.4, batch_size=B)
    sampler = iterate_averaging.build(inner, window=4)
    state, at, key = sampler.init(mean()), inner.init(mean()), jax.random.key(5)
    found, info = sampler.step(key, state)
    visited = []
    for i in range(4):
        at, told = inner.step(jax.random.fold_in(key, i), at)
        visited.append(np.asarray(at.position["w"]))
    np.testing.assert_allclose(found.position["w"], np.mean(visited, axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.inner.position["w"], visited[-1], rtol=1e-12)
    assert float(info.gradient_norm) == pytest.approx(float(told.gradient_norm))
    moved = np.linalg.norm(np.mean(visited, axis=0) - np.asarray(mean()["w"]))
    assert float(info.length) == pytest.approx(moved)


def test_what_is_not_allowed_is_named(least_squares, toy, unchecked):
    task = least_squares(A, POINTS)
    given = {"preconditioner": "scalar", "batch_size": 3}
    for wrong, says in [
        ({"preconditioner": "best"}, "must be one of scalar, diagonal, full, got 'best'"),
        ({"batch_size": 12}, r"batch_size must be a whole number in 1\.\.11, got 12"),
        ({"batch_size": 0}, r"batch_size must be a whole number in 1\.\.12, got 0"),
        ({"temperature": 0.0}, "temperature must be > 0, got 0.0"),
    ]:
        with pytest.raises(ValueError, match=says):
            constant_sgd.build(task, mean(), **{**given, **wrong})
    # Two logits for one log odds: S is singular, each number of its diagonal is not.
    softmax, params = toy("softmax")
    constant_sgd.build(softmax, params, preconditioner="diagonal", batch_size=3)
    with pytest.raises(ValueError, match=r"'full' must be of a covariance .* positive definite"):
        constant_sgd.build(softmax, params, preconditioner="full", batch_size=3)
    # Where every example is fitted, no gradient differs from another.
    alike = least_squares(A, np.zeros((12, 3)))
    with pytest.raises(ValueError, match="eigenvalues are 0 to 0"):
        constant_sgd.build(alike, {"w": jnp.zeros(3)}, **given)
    for other in (
        ngd.langevin(task, learning_rate=0.1),
        ngd.sgld(task, learning_rate=0.1, batch_size=3),
        iterate_averaging.build(ngd.sgd(task, learning_rate=0.1, batch_size=3), window=2),
    ):
        with pytest.raises(ValueError, match="noise is that of minibatches alone"):
            iterate_averaging.build(other, window=3)
    with pytest.raises(ValueError, match="window must be a whole number >= 1, got 0"):
        iterate_averaging.build(ngd.sgd(task, learning_rate=0.1, batch_size=3), window=0)
