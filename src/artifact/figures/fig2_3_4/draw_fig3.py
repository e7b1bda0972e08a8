"""Fig. 3: stochastic NGD on logistic regression, drawn as Fig. 2."""

from artifact.figures.fig2_3_4.draw_fig2 import draw

__all__ = ["draw"]
