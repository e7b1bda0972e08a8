"""The samplers, one a module: `build(...)` gives `init` and `step`."""

from ngd.samplers import (
    full_ngd,
    langevin,
    mandt,
    noisy_ngd,
    preconditioned_langevin,
    riemannian_langevin,
    riemannian_ngd,
    stochastic_ngd,
)
from ngd.samplers.algorithm import Info, SamplingAlgorithm

__all__ = [
    "Info",
    "SamplingAlgorithm",
    "full_ngd",
    "langevin",
    "mandt",
    "noisy_ngd",
    "preconditioned_langevin",
    "riemannian_langevin",
    "riemannian_ngd",
    "stochastic_ngd",
]
