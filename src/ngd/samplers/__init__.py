"""The samplers, one a module: `build(...)` gives `init` and `step`."""

from ngd.samplers import (
    full_ngd,
    langevin,
    mala,
    mandt,
    preconditioned_langevin,
    psgld,
    riemannian_langevin,
    riemannian_mala,
    riemannian_ngd,
    sgd,
    sgfs,
    sghmc,
    sgld,
    stochastic_ngd,
)
from ngd.samplers.algorithm import Info, SamplingAlgorithm

__all__ = [
    "Info",
    "SamplingAlgorithm",
    "full_ngd",
    "langevin",
    "mala",
    "mandt",
    "preconditioned_langevin",
    "psgld",
    "riemannian_langevin",
    "riemannian_mala",
    "riemannian_ngd",
    "sgd",
    "sgfs",
    "sghmc",
    "sgld",
    "stochastic_ngd",
]
