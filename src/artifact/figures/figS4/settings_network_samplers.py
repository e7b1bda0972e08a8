"""Settings of Figs S4b and S4c: every sampler on a network, beside HMC."""

from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from artifact.figures.fig5_6.settings_mlp import MLPPoint
from artifact.figures.figS4.settings_every_sampler import require_own_batch
from artifact.settings.images import ImagesPoint
from artifact.settings.sweeps import require_batch
from artifact.settings.typed import (
    BrokenRuleError,
    Count,
    Rate,
    Repeats,
    distinct,
    number,
    one_of,
    setting,
)

SAMPLERS = (
    "langevin",
    "mala",
    "sgld",
    "sghmc",
    "psgld",
    "sgd",
    "preconditioned_langevin",
    "quasi_diagonal",
    "kfac",
    "noisy_ngd",
    "sgfs, diagonal",
    "sgfs",
    "mandt",
    "stochastic_ngd",
    "stochastic_ngd, kfac",
)
"""By their names in `ngd`; quasi_diagonal and kfac are preconditioned_langevin with that metric."""


class BesideHMC(ImagesPoint):
    """The samplers at T = 1, and long chains of HMC."""

    examples: Count = setting("The training set size N.", unit="examples")
    learning_rate: Rate = setting(
        "ε of samplers with a Fisher or its like.", unit="of the mean cost"
    )
    plain_learning_rate: Rate = setting("ε of the others.", unit="of the mean cost")
    batch_size: Count = setting(
        "B of the samplers that have a noise of their own besides.", unit="examples"
    )
    gradients: Count = setting("The cost of a sample.", unit="gradients of all examples")
    burn_in: Count = setting("Samples before the first that counts.", unit="samples")
    samples: Annotated[int, number(least=4, most=10**6, whole=True)] = setting(
        "Samples of a chain.", unit="samples"
    )
    chains: Annotated[int, number(least=2, most=1000, whole=True)] = setting(
        "Chains of each sampler, each with a start of its own."
    )
    hmc_learning_rate: Rate = setting("ε of HMC: its leapfrog step is (2εT/N)^½.")
    hmc_steps: Count = setting("Leapfrog steps of a trajectory.", unit="gradients")
    hmc_burn_in: Count = setting("Trajectories before the first sample.", unit="samples")
    hmc_samples: Annotated[int, number(least=4, most=10**6, whole=True)] = setting(
        "Samples of a chain of HMC.", unit="samples"
    )
    repeats: Repeats = setting("Training sets.")
    samplers: Annotated[list[Annotated[str, one_of(*SAMPLERS)]], AfterValidator(distinct)] = (
        setting("The samplers, by their names in `ngd`.")
    )

    @model_validator(mode="after")
    def _the_batches_are_in_bounds(self) -> Self:
        require_batch("examples", self.examples, self.learning_rate, self.examples, 1.0)
        if self.fisher_examples > self.examples:
            rule = f"be <= {self.examples}, the examples"
            raise BrokenRuleError("fisher_examples", self.fisher_examples, rule)
        require_own_batch(self.batch_size, self.examples, self.learning_rate)
        return self


class NetworkSamplersSettings(MLPPoint, BesideHMC):
    """On Fig. 5's MLP; each training set has a projection of its own."""


class CNNSamplersSettings(BesideHMC):
    """On Fig. 7's CNN."""

    channels: Count = setting("Output channels of each convolution.", section="6.4")
    test_examples: Annotated[int, number(least=20, most=10000, whole=True)] = setting(
        "Test images on which predictions are compared.", unit="images"
    )
