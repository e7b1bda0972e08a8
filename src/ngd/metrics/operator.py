"""A metric G, and G + δI, as what can be done with them: however they are kept."""

from abc import ABC, abstractmethod

from jaxtyping import Array, Float, PRNGKeyArray

from ngd.bounds import Scalar
from ngd.metrics.solvers import Solution


class DampedOperator(ABC):
    """A damped metric: what a sampler asks of it. Usually G + δI."""

    @abstractmethod
    def solve(self, v: Float[Array, " P"]) -> Solution:
        """(G + δI)⁻¹v, the preconditioner of eq. (16)."""

    @abstractmethod
    def noise(self, rng_key: PRNGKeyArray) -> Float[Array, " P"]:
        """A Gaussian vector of covariance G + δI."""

    @abstractmethod
    def log_determinant(self) -> Float[Array, ""]:
        """log|G + δI|; minus infinity where it is singular."""

    @abstractmethod
    def times(self, v: Float[Array, " P"]) -> Float[Array, " P"]:
        """(G + δI)v."""


class Operator(ABC):
    """An estimate of a metric: a pytree of arrays that can be damped."""

    @abstractmethod
    def damped(self, damping: Scalar) -> DampedOperator:
        """G + δI, or the damping that this metric has in its place.

        Raises:
            ValueError: δ is negative.
        """
