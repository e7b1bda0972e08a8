"""Riemannian metrics, each with its equation."""

from ngd.metrics.average import moving_average
from ngd.metrics.covariance import gradient_covariance
from ngd.metrics.fisher import (
    empirical_fisher,
    exact_fisher,
    logistic_fisher,
    sampled_fisher,
)
from ngd.metrics.kfac import kfac
from ngd.metrics.metric import Metric
from ngd.metrics.quasi_diagonal import diagonal_fisher, quasi_diagonal

__all__ = [
    "Metric",
    "diagonal_fisher",
    "empirical_fisher",
    "exact_fisher",
    "gradient_covariance",
    "kfac",
    "logistic_fisher",
    "moving_average",
    "quasi_diagonal",
    "sampled_fisher",
]
