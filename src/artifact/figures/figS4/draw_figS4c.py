"""Fig. S4c: samplers on Fig. 7's network at T = 1, all at the same cost, beside HMC.

(a) How far their predictions are from HMC's, as total variation: half the sum over labels of the
difference of probabilities, its mean over test images. A sampler draws from the posterior to which
its distance is that of HMC's chains from each other, the line. (b) Effective samples for a
thousand gradients of the whole training set, of what mixes worst: the cost and the log
probabilities of twenty test images' labels.
"""

from artifact.figures.figS4.draw_figS4b import draw

__all__ = ["draw"]
