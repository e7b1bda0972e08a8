"""Fig. 3: stochastic NGD on logistic regression, drawn as Fig. 2.

(a) accuracy and (b) cross entropy on the test set; T = εN/(2B) is set by the batch size B, and
nothing but the minibatches makes noise. The paper has the minimum at T = 1 and curves as those of
Fig. 2. At the smallest T the batch is the training set and there is no noise.
"""

from artifact.figures.fig2_3_4.draw_fig2 import draw

__all__ = ["draw"]
