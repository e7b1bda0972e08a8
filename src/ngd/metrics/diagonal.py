"""A metric that is diagonal, kept as P numbers."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ngd import bounds
from ngd.bounds import Scalar
from ngd.metrics.factor import Damped, Factor, Rows, Written, layout
from ngd.metrics.solvers import Solution, Solver


@partial(layout, data_fields=["root"])
@dataclass(frozen=True)
class Diagonal(Factor):
    """U is diagonal.

    Attributes:
        root: U's diagonal, shape (P,): the roots of the metric's.
    """

    root: Any

    @property
    def shape(self) -> tuple[int, int]:
        """(P, P)."""
        return len(self.root), len(self.root)

    def written(self) -> Rows:
        """U written out."""
        return jnp.diag(self.root)

    def times(self, v: Float[Array, " P"]) -> Float[Array, " m"]:
        """Uv."""
        return self.root * v

    def transpose_times(self, z: Float[Array, " m"]) -> Float[Array, " P"]:
        """Uᵀz, which is Uz."""
        return self.root * z

    def squared_norms(self) -> Float[Array, " m"]:
        """Of the rows: the metric's diagonal."""
        return self.root**2

    def gram(self) -> Float[Array, "m m"]:
        """UUᵀ, which is the metric."""
        return jnp.diag(self.root**2)

    def take(self, chosen: Int[Array, " k"]) -> Factor:
        """The chosen rows, written out."""
        return Written(jnp.diag(self.root)[chosen])

    def damped(self, damping: Scalar) -> "DampedDiagonal":
        """The metric and δI, by which a vector is divided."""
        return DampedDiagonal(self, bounds.non_negative("damping", damping))


class DampedDiagonal(Damped):
    """The metric diag(root²) + δI: no matrix is made of it."""

    factor: Diagonal

    @property
    def diagonal(self) -> Float[Array, " P"]:
        """Of the metric."""
        return self.factor.root**2 + self.damping

    def solve(self, v: Float[Array, " P"], solver: Solver | None = None) -> Solution:
        """V divided by the diagonal, whatever the solver."""
        return Solution(v / self.diagonal, 0)

    def noise(self, rng_key: PRNGKeyArray) -> Float[Array, " P"]:
        """A Gaussian vector with the metric as its covariance."""
        root = self.factor.root
        return jnp.sqrt(self.diagonal) * jax.random.normal(rng_key, root.shape, root.dtype)

    def log_determinant(self) -> Float[Array, ""]:
        """Ln of the product of the diagonal."""
        return jnp.sum(jnp.log(self.diagonal))
