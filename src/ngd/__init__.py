"""Natural gradient descent as a posterior sampler (Smith et al., 2018)."""

from ngd import (
    diagnostics,
    laplace,
    likelihood,
    metrics,
    models,
    optimiser,
    predictive,
    prior,
    samplers,
    sampling,
    theorem_2,
)
from ngd.chains import Samples, sample
from ngd.data import OnHost
from ngd.diagnostics import CalibrationWarning
from ngd.samplers.full_ngd import build as full_ngd
from ngd.samplers.langevin import build as langevin
from ngd.samplers.mandt import build as mandt
from ngd.samplers.preconditioned_langevin import build as preconditioned_langevin
from ngd.samplers.riemannian_langevin import build as riemannian_langevin
from ngd.samplers.riemannian_ngd import build as riemannian_ngd
from ngd.samplers.stochastic_ngd import build as stochastic_ngd
from ngd.task import Task, gaussian_prior, l2, log_density

__version__ = "0.1.0"

__all__ = [
    "CalibrationWarning",
    "OnHost",
    "Samples",
    "Task",
    "__version__",
    "diagnostics",
    "full_ngd",
    "gaussian_prior",
    "l2",
    "langevin",
    "laplace",
    "likelihood",
    "log_density",
    "mandt",
    "metrics",
    "models",
    "optimiser",
    "preconditioned_langevin",
    "predictive",
    "prior",
    "riemannian_langevin",
    "riemannian_ngd",
    "sample",
    "samplers",
    "sampling",
    "stochastic_ngd",
    "theorem_2",
]
