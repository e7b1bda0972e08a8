"""The quasi-diagonal metric against its matrix written out in NumPy, and its invariance."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd.metrics import diagonal_fisher, quasi_diagonal, sampled_fisher
from ngd.metrics.quasi_diagonal import QuasiDiagonal
from ngd.task import Task

N, DAMPING = 7, 0.3
INPUTS, OUTPUTS = 2, 3
P = OUTPUTS + INPUTS * OUTPUTS


def affine(params, x):
    """The biases come first in ω, then the weights i·o + j."""
    return x @ params["w"] + params["b"]


def problem(dtype=float):
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(N, INPUTS)), dtype)
    params = {
        "b": jnp.asarray(rng.normal(size=OUTPUTS), dtype),
        "w": jnp.asarray(rng.normal(size=(INPUTS, OUTPUTS)), dtype),
    }
    return Task(affine, x, jnp.zeros(N, int)), params


def written(task, params, key, damping):
    """Unit by unit from the rows of `sampled_fisher`: L diag(M_00, d) Lᵀ, M + δI damped."""
    u = np.asarray(sampled_fisher(task, 5).factor(key, params)[0].written())
    whole = u.T @ u + damping * np.eye(P)
    matrix = np.zeros((P, P))
    for unit in range(OUTPUTS):
        at = [unit, *(OUTPUTS + OUTPUTS * i + unit for i in range(INPUTS))]
        m = whole[np.ix_(at, at)]
        lower = np.eye(len(at))
        lower[:, 0] = m[:, 0] / m[0, 0]
        d = np.diag(m) - m[:, 0] ** 2 / m[0, 0]
        d[0] = m[0, 0]
        matrix[np.ix_(at, at)] = lower * d @ lower.T
        # It keeps the diagonal and what the bias shares with the weights.
        np.testing.assert_allclose(np.diag(matrix)[at], np.diag(m))
        np.testing.assert_allclose(matrix[at[0], at], m[0])
    return matrix, whole


def test_the_quasi_diagonal_is_its_matrix_written_out(x64, assert_is_its_matrix):
    task, params = problem()
    key = jax.random.key(2)
    exact, _ = written(task, params, key, DAMPING)
    assert_is_its_matrix(quasi_diagonal(task, 5), params, key, DAMPING, exact)


def test_the_diagonal_is_that_of_the_sampled_fisher(x64):
    task, params = problem()
    key = jax.random.key(2)
    _, whole = written(task, params, key, DAMPING)
    damped, _ = diagonal_fisher(task, 5).damped(key, params, (), DAMPING)
    v = jnp.linspace(-1, 2, P)
    np.testing.assert_allclose(damped.solve(v).x, v / np.diag(whole), rtol=1e-9)


@pytest.mark.parametrize("build", [quasi_diagonal, diagonal_fisher])
def test_a_step_does_not_see_how_inputs_are_shifted_and_scaled(x64, build):
    """Inputs sx + t with weights w/s and biases b - t·w/s are the same function, and stay it."""
    task, params = problem()
    s, t = np.array([3.0, 0.5]), np.array([-2.0, 1.0])
    other = Task(affine, s * task.x + t, task.y)
    moved = {"b": params["b"] - (t / s) @ params["w"], "w": params["w"] / s[:, None]}

    def step(task, params):
        return jax.jit(lambda x, params: moved_by(task._replace(x=x), params))(task.x, params)

    def moved_by(task, params):
        damped, _ = build(task, N).damped(jax.random.key(2), params, (), 1e-12)
        slope = jax.grad(lambda p: task.likelihood.losses(affine(p, task.x), task.y).mean())
        flat, unravel = jax.flatten_util.ravel_pytree(slope(params))
        return affine(unravel(damped.solve(flat).x), task.x)

    apart = np.abs(step(task, params) - step(other, moved)).max()
    assert (apart < 1e-6) == (build is quasi_diagonal)


def test_an_input_that_never_changes_leaves_the_damping():
    """d_k = M_kk - M_0k²/M_00 is nothing but rounding then, and must not be negative."""
    task, params = problem(np.float32)
    task = task._replace(x=jnp.ones_like(task.x) * 7.3)

    @jax.jit
    def ours(key):
        damped, _ = quasi_diagonal(task, N).damped(key, params, (), 1e-2)
        return damped.noise(key), damped.log_determinant()

    noise, determinant = ours(jax.random.key(0))
    assert np.isfinite(noise).all()
    assert np.isfinite(determinant)


@pytest.mark.parametrize("build", [quasi_diagonal, diagonal_fisher])
def test_settings_that_are_not_allowed_are_refused(build):
    task, _ = problem(np.float32)
    with pytest.raises(ValueError, match=rf"{build.__name__} batch_size must be .* got 8"):
        build(task, 8)
    with pytest.raises(ValueError, match=r"smoothing must be in \[0, 1\), got -0\.1"):
        build(task, 5, smoothing=-0.1)
    with pytest.raises(ValueError, match=r"damping must be > 0, got 0\.0"):
        QuasiDiagonal(()).damped(0.0).solve(jnp.ones(P))
