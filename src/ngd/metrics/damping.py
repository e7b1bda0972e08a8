"""The damped metric G + δI of eq. (16): its solves, its noise, its determinant."""

from typing import Literal

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_solve
from jax.scipy.sparse.linalg import cg
from jaxtyping import Array, Float, PRNGKeyArray

from ngd import bounds
from ngd.metrics.factor import (
    Factor,
    gram,
    lower_product,
    rows_of,
    shape,
    times,
    transpose_times,
)

Solver = Literal["primal", "dual", "cg"]


def pick_solver(rows: int, parameters: int) -> Solver:
    """The cheaper of the two direct solvers: the one whose matrix is smaller."""
    return "dual" if rows < parameters else "primal"


def solve(
    factor: Factor, damping: float, v: Float[Array, " P"], solver: Solver | None = None
) -> Float[Array, " P"]:
    r"""(UᵀU + δI)⁻¹ v, the preconditioner of eq. (16).

    Args:
        factor: U, of m rows and P columns.
        damping: δ >= 0; > 0 when m < P, where UᵀU is singular.
        v: a gradient, shape (P,).
        solver: "primal" factorises the P x P matrix, "dual" the m x m Gram matrix
            (Woodbury: (v - Uᵀ(UUᵀ + δI)⁻¹Uv)/δ), "cg" no matrix at all (conjugate
            gradients to a relative residual of 1e-6). The smaller matrix when None.

    Raises:
        ValueError: δ is negative, or zero where the metric is singular.
    """
    m, parameters = shape(factor)
    solver = solver or pick_solver(m, parameters)
    if m < parameters or solver == "dual":
        bounds.positive("damping", damping)
    bounds.non_negative("damping", damping)
    if solver == "primal":
        return _direct(lower_product(rows_of(factor).T), damping, v)
    if solver == "dual":
        inner = _direct(gram(factor), damping, times(factor, v))
        return (v - transpose_times(factor, inner)) / damping
    solution, _ = cg(
        lambda u: transpose_times(factor, times(factor, u)) + damping * u,
        v,
        tol=1e-6,
        maxiter=10 * m,
    )
    return solution


def _direct(lower: Float[Array, "n n"], damping: float, v: Float[Array, " n"]) -> Array:
    """Solve by Cholesky, of a matrix whose lower triangle alone is given."""
    damped = lower + damping * jnp.eye(lower.shape[0], dtype=lower.dtype)
    return cho_solve((jax.lax.linalg.cholesky(damped, symmetrize_input=False), True), v)


def noise(rng_key: PRNGKeyArray, factor: Factor, damping: float) -> Float[Array, " P"]:
    """A Gaussian vector of covariance UᵀU + δI, without factorising it."""
    key_rows, key_damping = jax.random.split(rng_key)
    m, parameters = shape(factor)
    dtype = jax.tree.leaves(factor)[0].dtype
    return transpose_times(factor, jax.random.normal(key_rows, (m,), dtype)) + jnp.sqrt(
        damping
    ) * jax.random.normal(key_damping, (parameters,), dtype)


def log_determinant(factor: Factor, damping: float) -> Float[Array, ""]:
    """log|UᵀU + δI|; minus infinity where it is singular."""
    rows = rows_of(factor)
    matrix = rows.T @ rows + damping * jnp.eye(rows.shape[1], dtype=rows.dtype)
    return jnp.linalg.slogdet(matrix)[1]
