"""Natural gradient descent as a posterior sampler (Smith et al., 2018)."""

from ngd import (
    diagnostics,
    laplace,
    metrics,
    models,
    optimiser,
    predictive,
    prior,
    samplers,
    sampling,
    temperature,
)
from ngd.chains import Samples, sample
from ngd.diagnostics import CalibrationWarning
from ngd.task import Task, l2

__version__ = "0.1.0"

__all__ = [
    "CalibrationWarning",
    "Samples",
    "Task",
    "__version__",
    "diagnostics",
    "l2",
    "laplace",
    "metrics",
    "models",
    "optimiser",
    "predictive",
    "prior",
    "sample",
    "samplers",
    "sampling",
    "temperature",
]
