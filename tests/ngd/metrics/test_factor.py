"""A metric's factor by blocks against the same factor written out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd.metrics.layouts import Kernel, Outer, fixed, side_by_side
from ngd.metrics.metric import as_factor
from ngd.metrics.solvers import lower_product


def blocks(m, seed=0):
    """A factor of three blocks, and its rows written out in numpy."""
    rng = np.random.default_rng(seed)
    a, delta = rng.normal(size=(m, 3)), rng.normal(size=(m, 2))
    kernel = rng.normal(size=(m, 2, 4))
    b, gamma = rng.normal(size=(m, 2)), rng.normal(size=(m, 5))
    layers = (
        Kernel(jnp.asarray(kernel.reshape(m, 8)), 2),
        Outer(jnp.asarray(a), jnp.asarray(delta)),
        Outer(jnp.asarray(b), jnp.asarray(gamma)),
    )
    factor = side_by_side(layers)
    rows = [
        np.concatenate(
            [kernel[n].T.ravel(), np.outer(a[n], delta[n]).ravel(), np.kron(b[n], gamma[n])]
        )
        for n in range(m)
    ]
    return factor, np.array(rows)


@pytest.mark.parametrize("m", [1, 4, 30])
def test_rows_of_blocks_are_the_flattened_kernels_side_by_side(x64, m):
    factor, rows = blocks(m)
    np.testing.assert_array_equal(factor.written(), rows)
    assert factor.shape == rows.shape


@pytest.mark.parametrize("m", [1, 4, 30])
def test_products_of_blocks_are_those_of_the_rows(x64, m):
    factor, rows = blocks(m)
    v, z = np.random.default_rng(1).normal(size=24), np.random.default_rng(2).normal(size=m)
    np.testing.assert_allclose(factor.times(jnp.asarray(v)), rows @ v, rtol=1e-10)
    np.testing.assert_allclose(factor.transpose_times(jnp.asarray(z)), rows.T @ z, rtol=1e-10)
    np.testing.assert_allclose(
        np.tril(factor.gram()), np.tril(rows @ rows.T), rtol=1e-10, atol=1e-12
    )


def test_scaling_a_factor_scales_its_rows(x64):
    factor, rows = blocks(5)
    weights = np.random.default_rng(1).normal(size=5)
    for whole in (factor, jnp.asarray(rows)):
        scaled = as_factor(whole).scale(jnp.asarray(weights))
        np.testing.assert_allclose(scaled.written(), weights[:, None] * rows, rtol=1e-12)


def test_norms_are_those_of_the_rows_and_rows_can_be_taken(x64):
    factor, rows = blocks(9)
    weights = np.random.default_rng(1).normal(size=9)
    for whole in (factor, jnp.asarray(rows)):
        scaled = as_factor(whole).scale(jnp.asarray(weights))
        norms = (weights[:, None] * rows) ** 2
        np.testing.assert_allclose(scaled.squared_norms(), norms.sum(axis=1), rtol=1e-12)
        chosen = scaled.take(jnp.asarray([7, 2])).written()
        np.testing.assert_allclose(chosen, (weights[:, None] * rows)[[7, 2]], rtol=1e-12)


def test_products_of_scaled_blocks_are_those_of_the_scaled_rows(x64):
    factor, rows = blocks(9)
    weights, z = np.random.default_rng(1).normal(size=(2, 9))
    v = np.random.default_rng(2).normal(size=24)
    scaled, rows = factor.scale(jnp.asarray(weights)), weights[:, None] * rows
    np.testing.assert_allclose(scaled.times(jnp.asarray(v)), rows @ v, rtol=1e-10)
    np.testing.assert_allclose(scaled.transpose_times(jnp.asarray(z)), rows.T @ z, rtol=1e-10)
    np.testing.assert_allclose(np.tril(scaled.gram()), np.tril(rows @ rows.T), rtol=1e-10)
    assert scaled.shape == rows.shape


@pytest.mark.parametrize("m", [1, 255, 256, 257, 300])
def test_lower_product_is_the_lower_triangle_of_the_product(x64, m):
    rows = np.random.default_rng(0).normal(size=(m, 7))
    np.testing.assert_allclose(
        np.tril(lower_product(jnp.asarray(rows))), np.tril(rows @ rows.T), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("m", [4, 30, 300])
@pytest.mark.parametrize("solver", ["primal", "dual", "cg", None])
def test_solves_with_blocks_are_dense_solves(x64, m, solver):
    factor, rows = blocks(m)
    v = np.random.default_rng(3).normal(size=24)
    matrix = rows.T @ rows + 0.5 * np.eye(24)
    expected = np.linalg.solve(matrix, v)
    # The dual divides by δ what it has subtracted: it loses |G|/δ even if no eigenvalue is δ.
    condition = np.linalg.norm(matrix, 2) / 0.5
    bound = condition * (1e-6 if solver == "cg" else 400 * np.finfo(float).eps)
    error = np.linalg.norm(factor.damped(0.5).solve(jnp.asarray(v), solver).x - expected)
    assert error <= bound * np.linalg.norm(expected)


@pytest.mark.parametrize("solver", ["primal", "dual"])
def test_solves_of_many_rows_read_the_lower_triangle_alone(x64, solver):
    """Past 256 rows or parameters what stands above the diagonal is left out."""
    rng = np.random.default_rng(0)
    rows, v = rng.normal(size=(280, 270)) / 16, rng.normal(size=270)
    expected = np.linalg.solve(rows.T @ rows + 0.3 * np.eye(270), v)
    solution = as_factor(jnp.asarray(rows)).damped(0.3).solve(jnp.asarray(v), solver).x
    np.testing.assert_allclose(solution, expected, atol=1e-11 * np.abs(expected).max())


def test_log_determinant_of_blocks_is_numpys(x64):
    factor, rows = blocks(6)
    expected = np.linalg.slogdet(rows.T @ rows + 0.2 * np.eye(24))[1]
    np.testing.assert_allclose(factor.damped(0.2).log_determinant(), expected, rtol=1e-10)


def test_noise_of_blocks_has_the_covariance_of_the_damped_metric(x64, assert_moments):
    factor, rows = blocks(4)
    keys = jax.random.split(jax.random.key(0), 20000)
    draws = jax.vmap(lambda key: factor.damped(0.3).noise(key))(keys)
    assert_moments(draws, np.zeros(24), rows.T @ rows + 0.3 * np.eye(24))


def test_rows_with_their_products_are_rows(x64):
    rng = np.random.default_rng(0)
    bare, weights, v = rng.normal(size=(9, 4)), rng.normal(size=9), rng.normal(size=4)
    factor, rows = fixed(jnp.asarray(bare)).scale(jnp.asarray(weights)), weights[:, None] * bare
    assert factor.shape == (9, 4)
    np.testing.assert_allclose(factor.written(), rows, rtol=1e-12)
    np.testing.assert_allclose(factor.times(jnp.asarray(v)), rows @ v, rtol=1e-10)
    np.testing.assert_allclose(
        factor.transpose_times(jnp.asarray(weights)), rows.T @ weights, rtol=1e-10
    )
    np.testing.assert_allclose(factor.squared_norms(), (rows**2).sum(axis=1), rtol=1e-10)
    np.testing.assert_allclose(np.tril(factor.gram()), np.tril(rows @ rows.T), rtol=1e-10)
    np.testing.assert_allclose(factor.take(jnp.asarray([7, 2])).written(), rows[[7, 2]], rtol=1e-12)


@pytest.mark.parametrize("parameters", [4, 300])
def test_the_second_moment_is_the_product_of_rows(x64, parameters):
    rng = np.random.default_rng(0)
    bare, weights = rng.normal(size=(9, parameters)), rng.normal(size=9)
    rows = weights[:, None] * bare
    for factor in (fixed(jnp.asarray(bare)), jnp.asarray(bare)):
        found = as_factor(factor).scale(jnp.asarray(weights)).second_moment()
        np.testing.assert_allclose(np.tril(found), np.tril(rows.T @ rows), rtol=1e-10, atol=1e-12)


def test_an_estimate_that_is_no_matrix_and_no_layout_is_refused(unchecked):
    for wrong in (jnp.zeros(3), "rows", None):
        with pytest.raises(ValueError, match=r"U of G = UᵀU, a matrix of shape \(m, P\)"):
            as_factor(wrong)
