"""Settings that every model of MNIST's images shares, and what its data set allows."""

from artifact.settings.sweeps import Sweep
from artifact.settings.typed import BrokenRuleError, Count, NonNegative, Positive, Settings, setting


class ImagesPoint(Settings):
    """What a point of a sweep on MNIST depends on, whatever the model."""

    damping: Positive = setting("The Fisher damping δ.", section="6.3, 6.4")
    regularisation: NonNegative = setting(
        "λN; λ|ω|²/2 is added to the mean cost.", unit="nats", section="6.3, 6.4"
    )
    fisher_examples: Count = setting(
        "Examples of the Fisher's own minibatch.", unit="examples", section="6.3, 6.4"
    )


class ImagesSweep(ImagesPoint, Sweep):
    """A sweep of any model on MNIST."""


def check_pool(settings: ImagesSweep, pool: int, data: str) -> None:
    """Refuse training sets larger than the data set, and Fisher batches larger than those.

    Raises:
        BrokenRuleError: naming the key.
    """
    sizes = sorted({n for grid in settings.grids() for n in grid.examples})
    for examples in sizes:
        if examples > pool:
            raise BrokenRuleError(
                "examples", examples, f"be <= {pool}, the training images of data = {data}"
            )
    if settings.fisher_examples > sizes[0]:
        raise BrokenRuleError(
            "fisher_examples",
            settings.fisher_examples,
            f"be <= {sizes[0]}, its smallest training set",
        )
