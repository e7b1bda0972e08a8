"""The covariance of the per-example gradients, eq. (14)."""

import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from ngd import data
from ngd.metrics.factor import Rows
from ngd.metrics.metric import Metric, memoryless
from ngd.task import Params, Task, per_example_gradients


def gradient_covariance(task: Task) -> Metric:
    """Σ_{x,y}(ω) of eq. (14), normalised by N: the empirical Fisher less the mean's square.

    Raises:
        ValueError: the training set stays on the host.
    """
    data.whole("gradient_covariance", task.x)

    def rows(rng_key: PRNGKeyArray, position: Params) -> Rows:
        gradients = per_example_gradients(task, position, task.x, task.y)
        return (gradients - gradients.mean(axis=0)) / jnp.sqrt(task.examples)

    return memoryless(task, rows)
