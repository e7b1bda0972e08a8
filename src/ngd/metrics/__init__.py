"""Riemannian metrics, each with its equation."""

from ngd.metrics.average import moving_average
from ngd.metrics.covariance import gradient_covariance
from ngd.metrics.fisher import (
    empirical_fisher,
    exact_fisher,
    logistic_fisher,
    sampled_fisher,
)
from ngd.metrics.metric import Metric

__all__ = [
    "Metric",
    "empirical_fisher",
    "exact_fisher",
    "gradient_covariance",
    "logistic_fisher",
    "moving_average",
    "sampled_fisher",
]
