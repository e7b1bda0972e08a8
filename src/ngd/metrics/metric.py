"""What a Riemannian metric G(ω) of eq. (4) is to a sampler."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, PRNGKeyArray

from ngd.bounds import Scalar
from ngd.metrics.factor import Damped, Factor, Rows, Written
from ngd.task import Params, Task


class Metric(NamedTuple):
    """A metric, estimated anew at each update.

    Attributes:
        task: whose metric it is: the one that a sampler built on it samples.
        init: `init(position) -> memory`; the empty tuple for a metric without memory.
        estimate: `estimate(rng_key, position, memory) -> (factor, memory)`, the factor
            being U of G = UᵀU: a matrix of shape (m, P), or one of `ngd.metrics.layouts`.
        pure: whether it is a function of ω, without chance or memory.
    """

    task: Task
    init: Callable[[Params], Any]
    estimate: Callable[[PRNGKeyArray, Params, Any], tuple[Factor | Rows, Any]]
    pure: bool = True

    def factor(
        self, rng_key: PRNGKeyArray, position: Params, memory: Any = ()
    ) -> tuple[Factor, Any]:
        """`estimate`, a matrix being made a factor."""
        estimated, memory = self.estimate(rng_key, position, memory)
        return as_factor(estimated), memory

    def at(self, position: Params) -> Factor:
        """The factor of a metric without chance or memory."""
        return self.factor(jax.random.key(0), position)[0]

    def damped(
        self, rng_key: PRNGKeyArray, position: Params, memory: Any, damping: Scalar
    ) -> tuple[Damped, Any]:
        """G + δI of eq. (16), and what the metric remembers."""
        factor, memory = self.factor(rng_key, position, memory)
        return factor.damped(damping), memory


def as_factor(rows: Factor | Array) -> Factor:
    """A factor as it is, a matrix as `Written`.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(rows, Factor):
        return rows
    if not isinstance(rows, jax.Array) or rows.ndim != 2:
        raise ValueError(
            "a metric's estimate must be U of G = UᵀU, a matrix of shape (m, P) or one of "
            f"ngd.metrics.layouts; got {rows!r}"
        )
    return Written(rows)


def memoryless(
    task: Task, factor: Callable[[PRNGKeyArray, Params], Factor | Rows], pure: bool = True
) -> Metric:
    """A metric which depends on nothing but the current position and, if not pure, a key."""
    return Metric(
        task=task,
        init=lambda position: (),
        estimate=lambda rng_key, position, memory: (factor(rng_key, position), memory),
        pure=pure,
    )
