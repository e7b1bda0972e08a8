"""Solves with the damped metric UᵀU + δI of eq. (16), dense and by conjugate gradients."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_solve
from jaxtyping import Array, Float, Int

from ngd import bounds, hardware
from ngd.bounds import Scalar

if TYPE_CHECKING:
    from ngd.metrics.factor import Factor

Solver = Literal["primal", "dual", "cg"]
"""By Cholesky of the P x P matrix, by that of the m x m one, or by conjugate gradients."""

SMALL = 512
"""Up to this size a matrix is factorised; beyond, conjugate gradients are cheaper."""

LARGEST = 256
"""How many rows of U, those of the largest norms, precondition the conjugate gradients."""

NEAR = 1536
"""So many rows, solved by conjugate gradients too, precondition those of twice as many and more:
those that a CPU's cache holds. An accelerator, which waits for each of their short iterations,
takes the `LARGEST` alone."""

COARSE = 0.003
"""To what relative error, in the norm of their matrix, the near rows are solved."""


class Solution(NamedTuple):
    """What (UᵀU + δI)x = v has, and what it took.

    Attributes:
        x: the solution.
        iterations: of conjugate gradients, each a product with all of U and one with Uᵀ; 0 where
            a matrix was factorised.
    """

    x: Float[Array, " P"]
    iterations: Int[Array, ""] | int


class Iteration(NamedTuple):
    """Conjugate gradients under way.

    Attributes:
        x: the solution so far.
        r: the residual v - (UᵀU + δI)x.
        z: M⁻¹r.
        p: the direction.
        done: how many iterations.
    """

    x: Float[Array, " P"]
    r: Float[Array, " P"]
    z: Float[Array, " P"]
    p: Float[Array, " P"]
    done: Int[Array, ""]


def pick_solver(rows: int, parameters: int) -> Solver:
    """The smaller matrix factorised if it is small, conjugate gradients if it is not."""
    if min(rows, parameters) > SMALL:
        return "cg"
    return "dual" if rows < parameters else "primal"


def solve(
    factor: "Factor",
    damping: Scalar,
    v: Float[Array, " P"],
    solver: Solver | None = None,
) -> Solution:
    r"""(UᵀU + δI)⁻¹ v, the preconditioner of eq. (16).

    Args:
        factor: U, of m rows and P columns.
        damping: δ >= 0; > 0 when UᵀU is singular or the solver is not "primal".
        v: a gradient, shape (P,).
        solver: "primal" factorises the P x P matrix, "dual" the m x m Gram matrix
            (Woodbury: (v - Uᵀ(UUᵀ + δI)⁻¹Uv)/δ), "cg" neither (`conjugate_gradients`).
            When None, `pick_solver`'s; without damping "primal".

    Raises:
        ValueError: δ is zero where it must not be.
    """
    m, parameters = factor.shape
    # Under `vmap` or `jit` over δ its value is not known: it is taken to be positive.
    known = not isinstance(damping, jax.Array)
    solver = solver or ("primal" if known and damping == 0 else pick_solver(m, parameters))
    if m < parameters or solver != "primal":
        bounds.positive("damping", damping)
    if solver == "primal":
        return Solution(_direct(factor.second_moment(), damping, v), 0)
    if solver == "dual":
        return Solution(woodbury(factor, damping)(v), 0)
    return conjugate_gradients(factor, damping, v)


def woodbury(factor: "Factor", damping: Scalar) -> Callable[[Array], Array]:
    """(UᵀU + δI)⁻¹ as a function, by a Cholesky factor of the m x m Gram matrix."""
    cholesky = _cholesky(factor.gram(), damping)
    if not hardware.accelerated():

        def solve_inner(u: Float[Array, " m"]) -> Float[Array, " m"]:
            return cho_solve((cholesky, True), u)

    else:
        # A triangular solve of one vector is a chain of m steps; a product with L⁻¹ is one.
        identity = jnp.eye(len(cholesky), dtype=cholesky.dtype)
        root = jax.lax.linalg.triangular_solve(cholesky, identity, left_side=True, lower=True)

        def solve_inner(u: Float[Array, " m"]) -> Float[Array, " m"]:
            return (root @ u) @ root

    def inverse(v: Float[Array, " P"]) -> Float[Array, " P"]:
        return (v - factor.transpose_times(solve_inner(factor.times(v)))) / damping

    return inverse


def conjugate_gradients(
    factor: "Factor",
    damping: Scalar,
    v: Float[Array, " P"],
    tolerance: float = 3e-5,
    largest: int = LARGEST,
    near: int | None = None,
) -> Solution:
    """(UᵀU + δI)⁻¹ v, with no matrix larger than U and no m x m product.

    A sampled Fisher is mostly made by the few examples whose label was a surprise. The
    preconditioner M is that of the `largest` rows alone: few iterations remain, by the
    largest eigenvalue of the others over δ. Where rows are many, as in a moving average,
    M is that of the `near` rows, solved by the same iteration (`_near`).

    Args:
        factor: U.
        damping: δ > 0.
        v: the right-hand side.
        tolerance: of the relative error |e|/|x|, by a bound that holds in exact
            arithmetic: UᵀU + δI >= M >= δI, hence δ|e|² <= r·M⁻¹r.
        largest: how many rows M is made of; 0 for none (M = δI).
        near: how many rows M is made of where there are twice as many and more; when None
            `NEAR` on a CPU, and elsewhere none.
    """
    m, _ = factor.shape
    if near is None:
        near = m if hardware.accelerated() else NEAR
    many = m >= 2 * near
    if many:
        # The bound of `_near` asks that it holds all rows that precondition it in turn.
        largest = min(largest, near)
    norms = factor.squared_norms()
    _, order = jax.lax.top_k(norms, min(near if many else largest, m))
    if largest > 0:
        precondition = woodbury(factor.take(order[:largest]), damping)
    else:

        def precondition(u: Array) -> Array:
            return u / damping

    if many:
        rest = norms.at[order[:near]].set(0).sum()
        rows = factor.take(order[:near])
        return _near(factor, damping, v, tolerance, precondition, rows, rest)
    bound = tolerance**2 * damping
    end = _iterate(factor, damping, v, precondition, lambda at: bound * jnp.vdot(at.x, at.x))
    return Solution(end.x, end.done)


def _near(
    factor: "Factor",
    damping: Scalar,
    v: Float[Array, " P"],
    tolerance: float,
    precondition: Callable[[Array], Array],
    rows: "Factor",
    rest: Float[Array, ""],
) -> Solution:
    """Conjugate gradients preconditioned by M, that of some rows of U, few enough for the cache.

    M⁻¹ is applied by conjugate gradients to an error of η = `COARSE` in M's norm. The other
    rows' squared norms sum to `rest`, hence UᵀU + δI <= (1 + ρ)M with ρ = rest/δ, and
    0 <= M⁻¹ - (UᵀU + δI)⁻¹ <= min(ρ, 1)M⁻¹. So a last x + z, for which U is not read again,
    leaves δ|e|² <= (min(ρ, 1) + η)² r·z, but for η² of it.
    """

    def solve_rows(u: Array) -> Array:
        # u·x is |x|² in M's norm.
        return _iterate(rows, damping, u, precondition, lambda at: COARSE**2 * jnp.vdot(u, at.x)).x

    bound = tolerance**2 * damping / (jnp.minimum(rest / damping, 1) + COARSE) ** 2
    end = _iterate(factor, damping, v, solve_rows, lambda at: bound * jnp.vdot(at.x, at.x))
    return Solution(end.x + end.z, end.done)


def _iterate(
    factor: "Factor",
    damping: Scalar,
    v: Float[Array, " P"],
    precondition: Callable[[Array], Array],
    enough: Callable[[Iteration], Array],
) -> Iteration:
    """Conjugate gradients until r·M⁻¹r <= `enough`, flexible: M⁻¹ need not be linear."""
    m, _ = factor.shape

    def unfinished(at: Iteration) -> Array:
        # m + 1 iterations suffice but for rounding.
        return (jnp.vdot(at.r, at.z) > enough(at)) & (at.done < 10 * (m + 1))

    def body(at: Iteration) -> Iteration:
        ap = factor.transpose_times(factor.times(at.p)) + damping * at.p
        rz = jnp.vdot(at.r, at.z)
        step = rz / jnp.vdot(at.p, ap)
        r = at.r - step * ap
        z = precondition(r)
        p = z + (jnp.vdot(r - at.r, z) / rz) * at.p
        return Iteration(at.x + step * at.p, r, z, p, at.done + 1)

    z = precondition(v)
    start = Iteration(jnp.zeros_like(v), v, z, z, jnp.zeros((), int))
    end = jax.lax.while_loop(unfinished, body, start)
    # NaN ends the loop, be it at its start: the chain has diverged, and must not stand still.
    return end._replace(x=jnp.where(jnp.isnan(jnp.vdot(end.r, end.z)), jnp.nan, end.x))


def _cholesky(lower: Float[Array, "n n"], damping: Scalar) -> Float[Array, "n n"]:
    """The Cholesky factor of a damped matrix whose lower triangle alone is given."""
    damped = lower + damping * jnp.eye(lower.shape[0], dtype=lower.dtype)
    return jax.lax.linalg.cholesky(damped, symmetrize_input=False)


def _direct(lower: Float[Array, "n n"], damping: Scalar, v: Float[Array, " n"]) -> Array:
    """Solve by Cholesky, of a matrix whose lower triangle alone is given."""
    return cho_solve((_cholesky(lower, damping), True), v)


def lower_product(rows: Float[Array, "m P"], blocks: int = 4) -> Float[Array, "m m"]:
    """UUᵀ by blocks of rows, those above the diagonal left out: 5/8 of the arithmetic."""
    m = rows.shape[0]
    if m < 256:
        return rows @ rows.T
    edges = [m * block // blocks for block in range(blocks + 1)]
    strips = [
        jnp.pad(rows[low:high] @ rows[:high].T, ((0, 0), (0, m - high)))
        for low, high in pairwise(edges)
    ]
    return jnp.concatenate(strips)
