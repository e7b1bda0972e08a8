"""The damped metric G + δI of eq. (16): its solves, its noise, its determinant."""

from typing import Literal

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_solve
from jax.scipy.sparse.linalg import cg
from jaxtyping import Array, Float, PRNGKeyArray

from ngd import bounds
from ngd.metrics.factor import (
    Averaged,
    Factor,
    gram,
    joined,
    lower_product,
    rows_of,
    shape,
    times,
    transpose_times,
)

Solver = Literal["primal", "dual", "cg"]
Iteration = tuple[Array, Array, Array, Array, Array]
"""x, the residual r, z = M⁻¹r, the direction p, and how many iterations."""


def pick_solver(rows: int, parameters: int) -> Solver:
    """The cheaper of the two direct solvers: the one whose matrix is smaller."""
    return "dual" if rows < parameters else "primal"


def solve(
    factor: Factor | Averaged,
    damping: float,
    v: Float[Array, " P"],
    solver: Solver | None = None,
) -> Float[Array, " P"]:
    r"""(UᵀU + δI)⁻¹ v, the preconditioner of eq. (16).

    Args:
        factor: U, of m rows and P columns.
        damping: δ >= 0; > 0 when m < P, where UᵀU is singular.
        v: a gradient, shape (P,).
        solver: "primal" factorises the P x P matrix, "dual" the m x m Gram matrix
            (Woodbury: (v - Uᵀ(UUᵀ + δI)⁻¹Uv)/δ), "cg" no matrix at all (conjugate
            gradients to a relative residual of 1e-6). When None, the smaller matrix; for
            an average, conjugate gradients preconditioned by the newest estimate's dual.

    Raises:
        ValueError: δ is negative, or zero where the metric is singular.
    """
    if isinstance(factor, Averaged):
        if solver is None and shape(factor.newest)[0] < v.shape[0]:
            return _solve_averaged(factor, damping, v)
        factor = joined(factor)
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


def _solve_averaged(
    factor: Averaged, damping: float, v: Float[Array, " P"], tolerance: float = 1e-5
) -> Float[Array, " P"]:
    """Conjugate gradients, preconditioned by M: the newest estimate, damped, by its dual.

    A = M + (older) >= M, so the error e and the residual r obey |e|_M <= |M⁻¹r|_M: the
    iteration ends when that bound is below `tolerance` times |x|_M.
    """
    bounds.positive("damping", damping)
    newest, older = factor
    dual = gram(newest) + damping * jnp.eye(shape(newest)[0], dtype=v.dtype)
    dual = jax.lax.linalg.cholesky(dual, symmetrize_input=False)

    def precondition(u: Array) -> Array:
        inner = cho_solve((dual, True), times(newest, u))
        return (u - transpose_times(newest, inner)) / damping

    def apply_older(u: Array) -> Array:
        return transpose_times(older, times(older, u))

    def apply_newest(u: Array) -> Array:
        return transpose_times(newest, times(newest, u)) + damping * u

    def unfinished(carry: Iteration) -> Array:
        x, r, z, _, count = carry
        # |z|_M² = r·z and |x|_M² = x·Mx = x·(v - r - (older)x), here from below by δ|x|².
        bound = tolerance**2 * damping * jnp.vdot(x, x)
        return (jnp.vdot(r, z) > bound) & (count < 100)

    def body(carry: Iteration) -> Iteration:
        x, r, z, p, count = carry
        ap = apply_newest(p) + apply_older(p)
        rz = jnp.vdot(r, z)
        alpha = rz / jnp.vdot(p, ap)
        x, r = x + alpha * p, r - alpha * ap
        z = precondition(r)
        return x, r, z, z + (jnp.vdot(r, z) / rz) * p, count + 1

    x = precondition(v)
    r = v - apply_newest(x) - apply_older(x)
    z = precondition(r)
    return jax.lax.while_loop(unfinished, body, (x, r, z, z, jnp.zeros((), int)))[0]


def _direct(lower: Float[Array, "n n"], damping: float, v: Float[Array, " n"]) -> Array:
    """Solve by Cholesky, of a matrix whose lower triangle alone is given."""
    damped = lower + damping * jnp.eye(lower.shape[0], dtype=lower.dtype)
    return cho_solve((jax.lax.linalg.cholesky(damped, symmetrize_input=False), True), v)


def noise(rng_key: PRNGKeyArray, factor: Factor | Averaged, damping: float) -> Float[Array, " P"]:
    """A Gaussian vector of covariance UᵀU + δI, without factorising it."""
    key_damping, *keys = jax.random.split(rng_key, 3)
    parts = factor if isinstance(factor, Averaged) else (factor,)
    dtype = jax.tree.leaves(factor)[0].dtype
    drawn = jnp.sqrt(damping) * jax.random.normal(key_damping, (shape(parts[0])[1],), dtype)
    for key, part in zip(keys, parts, strict=False):
        drawn += transpose_times(part, jax.random.normal(key, (shape(part)[0],), dtype))
    return drawn


def log_determinant(factor: Factor | Averaged, damping: float) -> Float[Array, ""]:
    """log|UᵀU + δI|; minus infinity where it is singular."""
    rows = rows_of(factor)
    matrix = rows.T @ rows + damping * jnp.eye(rows.shape[1], dtype=rows.dtype)
    return jnp.linalg.slogdet(matrix)[1]
