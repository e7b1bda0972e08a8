"""The formula of Theorem 2: the temperature that a batch size stands for, and the other way round.

It knows no model. A chain has its T where the gradients' covariance is the Fisher information and
δ is small; `ngd.diagnostics` tells the T that a sampler has on a model, and the B that has T.
"""

import math

from jaxtyping import Array, Int

from ngd import bounds
from ngd.bounds import Scalar


def temperature(
    learning_rate: Scalar, examples: int, batch_size: int | Int[Array, ""], exact: bool = True
) -> Scalar:
    """T = (ε/2)(N/B - 1) of Theorem 2, or without `exact` T ≈ εN/(2B) of section 1.

    Args:
        learning_rate: ε.
        examples: N.
        batch_size: B.
        exact: whether the finite training set counts; at B = N the exact T is 0.

    Raises:
        ValueError: ε is not positive, or B is not in 1..N.
    """
    learning_rate = bounds.positive("learning_rate", learning_rate)
    bounds.batch_size("batch_size", batch_size, examples)
    return learning_rate / 2 * (examples / batch_size - (1 if exact else 0))


def batch_size(learning_rate: float, examples: int, temperature: float, exact: bool = True) -> int:
    """The paper's batch size B for a temperature T.

    Exact: B = ⌈N/(2T/ε + 1)⌉ of section 6.4. Otherwise εN/(2T) of section 6.1, rounded
    to the nearest whole number (the paper does not say how). Of a small B rounding moves T far:
    `temperature` tells where to. `ngd.diagnostics.calibrated_batch` finds the B that has T on
    a model to a tenth, or refuses.

    Raises:
        ValueError: ε or T is not positive, or no B in 1..N has this temperature: T is above
            that of B = 1, or so low that B = N, which has none.
    """
    learning_rate = float(bounds.positive("learning_rate", learning_rate))
    temperature = float(bounds.positive("temperature", temperature))
    if exact:
        # Rounding must not lift a whole number to the next one.
        size = math.ceil(examples / (2 * temperature / learning_rate + 1) * (1 - 1e-12))
        hottest = learning_rate / 2 * (examples - 1)
        if size == examples or temperature > hottest * (1 + 1e-9):
            raise ValueError(
                f"temperature {temperature:g} is that of no batch: with learning_rate "
                f"{learning_rate:g} and {examples} examples it is {hottest:.3g} at B = 1, and 0 "
                f"at B = {examples}"
            )
    else:
        size = round(learning_rate * examples / (2 * temperature))
    if not 1 <= size <= examples:
        raise ValueError(
            f"temperature {temperature:g} needs a batch of {size} examples, "
            f"allowed is 1..{examples} (learning_rate {learning_rate:g})"
        )
    return size
