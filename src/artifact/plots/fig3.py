"""Fig. 3: stochastic NGD on logistic regression, drawn as Fig. 2."""

from artifact.plots.fig2 import draw

__all__ = ["draw"]
