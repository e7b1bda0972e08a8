"""The sampler of Mandt et al. (2017), eq. (15)."""

from jaxtyping import Array, Int

from ngd.bounds import Scalar
from ngd.metrics.covariance import gradient_covariance
from ngd.samplers import stochastic_ngd
from ngd.samplers.algorithm import SamplingAlgorithm
from ngd.task import Task


def build(
    task: Task, *, learning_rate: Scalar, damping: Scalar, batch_size: int | Int[Array, ""]
) -> SamplingAlgorithm:
    """Eq. (15) is eq. (11) with the gradients' covariance Σ of eq. (14) as the metric.

    Args:
        task: the cost and its N examples.
        learning_rate: ε > 0; T = (ε/2)(N/B - 1), as for stochastic NGD.
        damping: δ >= 0 added to Σ; the paper adds none here. It has no default: where Σ is
            nearly singular, as it is near a good fit, 0 makes the chain many times too hot.
        batch_size: B in 1..N.

    Raises:
        ValueError: ε is not positive, δ is negative, or B is not in 1..N.
    """
    return stochastic_ngd.build(
        gradient_covariance(task),
        learning_rate=learning_rate,
        damping=damping,
        batch_size=batch_size,
    )
