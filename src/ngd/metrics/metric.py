"""What a Riemannian metric G(ω) of eq. (4) is to a sampler."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, PRNGKeyArray

from ngd.bounds import Scalar
from ngd.metrics.factor import Factor, Rows, Written
from ngd.metrics.operator import DampedOperator, Operator
from ngd.task import Params, Task


class Metric(NamedTuple):
    """A metric, estimated anew at each update.

    Attributes:
        task: whose metric it is: the one that a sampler built on it samples.
        init: `init(position) -> memory`; the empty tuple for a metric without memory.
        estimate: `estimate(rng_key, position, memory) -> (factor, memory)`, the factor
            being U of G = UᵀU: a matrix of shape (m, P), or one of `ngd.metrics.layouts`. Of a
            metric that has no such rows, as that of `kfac`, it is an `Operator`.
        pure: whether it is a function of ω, without chance or memory.
    """

    task: Task
    init: Callable[[Params], Any]
    estimate: Callable[[PRNGKeyArray, Params, Any], tuple[Operator | Rows, Any]]
    pure: bool = True

    def factor(
        self, rng_key: PRNGKeyArray, position: Params, memory: Any = ()
    ) -> tuple[Operator, Any]:
        """`estimate`, a matrix being made a factor."""
        estimated, memory = self.estimate(rng_key, position, memory)
        return as_factor(estimated), memory

    def at(self, position: Params) -> Operator:
        """The estimate of a metric without chance or memory."""
        return self.factor(jax.random.key(0), position)[0]

    def rows(self, position: Params) -> Factor:
        """`at`, for what can't do without rows.

        Raises:
            ValueError: the metric has none.
        """
        return has_rows(self.at(position))

    def damped(
        self, rng_key: PRNGKeyArray, position: Params, memory: Any, damping: Scalar
    ) -> tuple[DampedOperator, Any]:
        """G + δI of eq. (16), and what the metric remembers."""
        factor, memory = self.factor(rng_key, position, memory)
        return factor.damped(damping), memory


def as_factor(estimate: Operator | Array) -> Operator:
    """An operator as it is, a matrix as `Written`.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(estimate, Operator):
        return estimate
    if not isinstance(estimate, jax.Array) or estimate.ndim != 2:
        raise ValueError(
            "a metric's estimate must be U of G = UᵀU, a matrix of shape (m, P) or one of "
            f"ngd.metrics.layouts; got {estimate!r}"
        )
    return Written(estimate)


def has_rows(estimate: Operator) -> Factor:
    """The estimate, if it is rows U of G = UᵀU.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(estimate, Factor):
        raise ValueError(
            "metric must be rows U of G = UᵀU here, as exact_fisher or sampled_fisher; got "
            f"{type(estimate).__name__}, which has none"
        )
    return estimate


def memoryless(
    task: Task, factor: Callable[[PRNGKeyArray, Params], Operator | Rows], pure: bool = True
) -> Metric:
    """A metric which depends on nothing but the current position and, if not pure, a key."""
    return Metric(
        task=task,
        init=lambda position: (),
        estimate=lambda rng_key, position, memory: (factor(rng_key, position), memory),
        pure=pure,
    )
