"""The implicit prior of eq. (9) and section 6.2."""

import jax
from jaxtyping import Array, Float

from ngd.bounds import Scalar
from ngd.metrics import damping as damped
from ngd.metrics.factor import rows_of
from ngd.metrics.fisher import exact_rows
from ngd.metrics.metric import Metric
from ngd.task import Params, Task


def log_implicit_prior(task: Task, params: Params, damping: float) -> Float[Array, ""]:
    """Ln |F_x(ω) + δI|^{1/2}, unnormalised: the Jeffreys prior as δ -> 0.

    It depends on the training inputs, not on their labels. Minus infinity where F is
    singular and δ = 0.
    """
    return 0.5 * damped.log_determinant(exact_rows(task, params), damping)


def log_metric(metric: Metric, params: Params, damping: Scalar) -> Float[Array, ""]:
    """Ln |G(ω) + δI| of a metric without chance or memory."""
    unused = jax.random.key(0)
    factor, _ = metric.estimate(unused, params, ())
    return damped.log_determinant(rows_of(factor), damping)
