"""Natural gradient descent as a posterior sampler (Smith et al., 2018)."""

from ngd import laplace, metrics, models, predictive, prior, samplers, sampling, temperature
from ngd.task import Task, l2

__all__ = [
    "Task",
    "l2",
    "laplace",
    "metrics",
    "models",
    "predictive",
    "prior",
    "samplers",
    "sampling",
    "temperature",
]
