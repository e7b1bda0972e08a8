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
from ngd.samplers.constant_sgd import build as constant_sgd
from ngd.samplers.full_ngd import build as full_ngd
from ngd.samplers.iterate_averaging import build as iterate_averaging
from ngd.samplers.langevin import build as langevin
from ngd.samplers.mala import build as mala
from ngd.samplers.mandt import build as mandt
from ngd.samplers.noisy_ngd import build as noisy_ngd
from ngd.samplers.preconditioned_langevin import build as preconditioned_langevin
from ngd.samplers.psgld import build as psgld
from ngd.samplers.riemannian_langevin import build as riemannian_langevin
from ngd.samplers.riemannian_mala import build as riemannian_mala
from ngd.samplers.riemannian_ngd import build as riemannian_ngd
from ngd.samplers.sgd import build as sgd
from ngd.samplers.sgfs import build as sgfs
from ngd.samplers.sghmc import build as sghmc
from ngd.samplers.sgld import build as sgld
from ngd.samplers.sgrld import build as sgrld
from ngd.samplers.sgrld_simplex import build as sgrld_simplex
from ngd.samplers.stochastic_ngd import build as stochastic_ngd
from ngd.task import Task, gaussian_prior, l2, log_density

__version__ = "0.1.0"

__all__ = [
    "CalibrationWarning",
    "OnHost",
    "Samples",
    "Task",
    "__version__",
    "constant_sgd",
    "diagnostics",
    "full_ngd",
    "gaussian_prior",
    "iterate_averaging",
    "l2",
    "langevin",
    "laplace",
    "likelihood",
    "log_density",
    "mala",
    "mandt",
    "metrics",
    "models",
    "noisy_ngd",
    "optimiser",
    "preconditioned_langevin",
    "predictive",
    "prior",
    "psgld",
    "riemannian_langevin",
    "riemannian_mala",
    "riemannian_ngd",
    "sample",
    "samplers",
    "sampling",
    "sgd",
    "sgfs",
    "sghmc",
    "sgld",
    "sgrld",
    "sgrld_simplex",
    "stochastic_ngd",
    "theorem_2",
]
