"""The implicit prior of eq. (9) and section 6.2."""

from jaxtyping import Array, Float

from ngd.bounds import Scalar
from ngd.metrics.factor import Written
from ngd.metrics.fisher import exact_rows
from ngd.metrics.metric import Metric
from ngd.task import Params, Task


def log_implicit_prior(task: Task, params: Params, damping: float) -> Float[Array, ""]:
    """Ln |F_x(ω) + δI|^{1/2}, unnormalised: the Jeffreys prior as δ -> 0.

    It depends on the training inputs, not on their labels. Minus infinity where F is
    singular and δ = 0.
    """
    return 0.5 * Written(exact_rows(task, params)).damped(damping).log_determinant()


def log_metric(metric: Metric, params: Params, damping: Scalar) -> Float[Array, ""]:
    """Ln |G(ω) + δI| of a metric without chance or memory."""
    return metric.at(params).damped(damping).log_determinant()
