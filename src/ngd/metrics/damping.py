"""The damped metric G + δI of eq. (16): its solves, its noise, its determinant."""

from typing import Literal

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve
from jax.scipy.sparse.linalg import cg
from jaxtyping import Array, Float, PRNGKeyArray

from ngd import bounds
from ngd.metrics.metric import Rows

Solver = Literal["primal", "dual", "cg"]


def pick_solver(rows: int, parameters: int) -> Solver:
    """The cheaper of the two direct solvers: the one whose matrix is smaller."""
    return "dual" if rows < parameters else "primal"


def solve(
    rows: Rows, damping: float, v: Float[Array, " P"], solver: Solver | None = None
) -> Float[Array, " P"]:
    r"""(UᵀU + δI)⁻¹ v, the preconditioner of eq. (16).

    Args:
        rows: U, shape (m, P).
        damping: δ >= 0; > 0 when m < P, where UᵀU is singular.
        v: a gradient, shape (P,).
        solver: "primal" factorises the P x P matrix, "dual" the m x m Gram matrix
            (Woodbury: (v - Uᵀ(UUᵀ + δI)⁻¹Uv)/δ), "cg" no matrix at all (conjugate
            gradients to a relative residual of 1e-6). The smaller matrix when None.

    Raises:
        ValueError: δ is negative, or zero where the metric is singular.
    """
    m, parameters = rows.shape
    solver = solver or pick_solver(m, parameters)
    if m < parameters or solver == "dual":
        bounds.positive("damping", damping)
    bounds.non_negative("damping", damping)
    if solver == "primal":
        matrix = rows.T @ rows + damping * jnp.eye(parameters, dtype=rows.dtype)
        return cho_solve(cho_factor(matrix, lower=True), v)
    if solver == "dual":
        gram = rows @ rows.T + damping * jnp.eye(m, dtype=rows.dtype)
        return (v - rows.T @ cho_solve(cho_factor(gram, lower=True), rows @ v)) / damping
    solution, _ = cg(lambda u: rows.T @ (rows @ u) + damping * u, v, tol=1e-6, maxiter=10 * m)
    return solution


def noise(rng_key: PRNGKeyArray, rows: Rows, damping: float) -> Float[Array, " P"]:
    """A Gaussian vector of covariance UᵀU + δI, without factorising it."""
    key_rows, key_damping = jax.random.split(rng_key)
    m, parameters = rows.shape
    return rows.T @ jax.random.normal(key_rows, (m,), rows.dtype) + jnp.sqrt(
        damping
    ) * jax.random.normal(key_damping, (parameters,), rows.dtype)


def log_determinant(rows: Rows, damping: float) -> Float[Array, ""]:
    """log|UᵀU + δI|; minus infinity where it is singular."""
    matrix = rows.T @ rows + damping * jnp.eye(rows.shape[1], dtype=rows.dtype)
    return jnp.linalg.slogdet(matrix)[1]
