"""A metric as its factor, G = UᵀU with a row of U for each example, and G + δI of eq. (16)."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ngd import bounds
from ngd.bounds import Scalar
from ngd.metrics import solvers
from ngd.metrics.operator import DampedOperator, Operator
from ngd.metrics.solvers import Solution, Solver, lower_product

Rows = Float[Array, "_ P"]
"""U written out."""


class Factor(Operator):
    """U, however its rows are kept: a layout is a pytree of arrays that knows these products.

    The first axis of every array is that of the rows, so that a tree map takes, stacks or replaces
    rows; a layout of which this is not so says how rows are taken.
    """

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """(m, P)."""

    @property
    def dtype(self) -> Any:
        """Of the rows' numbers."""
        dtypes = (leaf.dtype for leaf in jax.tree.leaves(self))
        return next(dtype for dtype in dtypes if jnp.issubdtype(dtype, jnp.floating))

    @abstractmethod
    def written(self) -> Rows:
        """U written out, shape (m, P)."""

    @abstractmethod
    def times(self, v: Float[Array, " P"]) -> Float[Array, " m"]:
        """Uv."""

    @abstractmethod
    def transpose_times(self, z: Float[Array, " m"]) -> Float[Array, " P"]:
        """Uᵀz."""

    @abstractmethod
    def squared_norms(self) -> Float[Array, " m"]:
        """|u|² of each row u of U: the diagonal of UUᵀ."""

    @abstractmethod
    def gram(self) -> Float[Array, "m m"]:
        """UUᵀ, its lower triangle only; what stands above the diagonal is not to be read."""

    def second_moment(self, weights: Float[Array, " m"] | None = None) -> Float[Array, "P P"]:
        """UᵀU, of which only the lower triangle is to be read; of U's rows times `weights`."""
        rows = self.written()
        return lower_product((rows if weights is None else rows * weights[:, None]).T)

    def take(self, chosen: Int[Array, " k"]) -> "Factor":
        """The chosen rows."""
        return jax.tree.map(lambda a: a[chosen], self)

    def scale(self, weights: Float[Array, " m"]) -> "Weighted":
        """The rows times `weights`."""
        return Weighted(self, weights)

    def damped(self, damping: Scalar) -> "Damped":
        """UᵀU + δI.

        Raises:
            ValueError: δ is negative.
        """
        return Damped(self, bounds.non_negative("damping", damping))


layout = partial(jax.tree_util.register_dataclass, meta_fields=[])
"""Makes a frozen dataclass of arrays a pytree."""


@partial(layout, data_fields=["rows"])
@dataclass(frozen=True)
class Written(Factor):
    """Rows written out.

    Attributes:
        rows: shape (m, P).
    """

    rows: Any

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.shape[0], self.rows.shape[1]

    def written(self) -> Rows:
        return self.rows

    def times(self, v: Float[Array, " P"]) -> Float[Array, " m"]:
        return self.rows @ v

    def transpose_times(self, z: Float[Array, " m"]) -> Float[Array, " P"]:
        # Not Uᵀ @ z, which XLA's CPU compiler makes ten times slower.
        return z @ self.rows

    def squared_norms(self) -> Float[Array, " m"]:
        return jnp.sum(self.rows**2, axis=1)

    def gram(self) -> Float[Array, "m m"]:
        return lower_product(self.rows)


@partial(layout, data_fields=["rows", "weights"])
@dataclass(frozen=True)
class Weighted(Factor):
    """Rows and what each is multiplied by, kept apart: no row is copied to be scaled.

    Attributes:
        rows: the rows of U before they are scaled.
        weights: shape (m,).
    """

    rows: Factor
    weights: Any

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.shape

    def written(self) -> Rows:
        return self.rows.written() * self.weights[:, None]

    def times(self, v: Float[Array, " P"]) -> Float[Array, " m"]:
        return self.weights * self.rows.times(v)

    def transpose_times(self, z: Float[Array, " m"]) -> Float[Array, " P"]:
        return self.rows.transpose_times(self.weights * z)

    def squared_norms(self) -> Float[Array, " m"]:
        return self.weights**2 * self.rows.squared_norms()

    def gram(self) -> Float[Array, "m m"]:
        return self.weights[:, None] * self.weights * self.rows.gram()

    def second_moment(self, weights: Float[Array, " m"] | None = None) -> Float[Array, "P P"]:
        return self.rows.second_moment(self.weights if weights is None else self.weights * weights)

    def take(self, chosen: Int[Array, " k"]) -> Factor:
        return Weighted(self.rows.take(chosen), self.weights[chosen])

    def scale(self, weights: Float[Array, " m"]) -> "Weighted":
        return Weighted(self.rows, self.weights * weights)


@dataclass(frozen=True)
class Damped(DampedOperator):
    """The metric UᵀU + δI.

    Attributes:
        factor: U, of m rows and P columns.
        damping: δ >= 0.
    """

    factor: Factor
    damping: Scalar

    def solve(self, v: Float[Array, " P"], solver: Solver | None = None) -> Solution:
        """(UᵀU + δI)⁻¹ v, the preconditioner of eq. (16).

        Args:
            v: a gradient, shape (P,).
            solver: see `ngd.metrics.solvers.solve`, which takes the cheapest when None.

        Raises:
            ValueError: δ is zero where it must not be.
        """
        return solvers.solve(self.factor, self.damping, v, solver)

    def noise(self, rng_key: PRNGKeyArray) -> Float[Array, " P"]:
        """A Gaussian vector of covariance UᵀU + δI, without factorising it."""
        key_damping, key_rows = jax.random.split(rng_key)
        m, parameters = self.factor.shape
        dtype = self.factor.dtype
        z = jax.random.normal(key_rows, (m,), dtype)
        root = jnp.sqrt(self.damping) * jax.random.normal(key_damping, (parameters,), dtype)
        return self.factor.transpose_times(z) + root

    def times(self, v: Float[Array, " P"]) -> Float[Array, " P"]:
        """(UᵀU + δI)v, without a P x P matrix."""
        return self.factor.transpose_times(self.factor.times(v)) + self.damping * v

    def log_determinant(self) -> Float[Array, ""]:
        """log|UᵀU + δI|; minus infinity where it is singular."""
        rows = self.factor.written()
        matrix = rows.T @ rows + self.damping * jnp.eye(rows.shape[1], dtype=rows.dtype)
        return jnp.linalg.slogdet(matrix)[1]
