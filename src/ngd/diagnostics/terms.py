"""What measured and predicted temperatures share: the one that was asked for, and an estimate."""

from typing import NamedTuple

from ngd.samplers.algorithm import SamplingAlgorithm, Settings


class Estimate(NamedTuple):
    """A number and its standard error."""

    value: float
    standard_error: float

    def __str__(self) -> str:
        """As 1.02 ± 0.03."""
        return f"{self.value:.3g} ± {self.standard_error:.2g}"


def first_rate(settings: Settings) -> float:
    """ε, or ε_0 of a schedule."""
    rate = settings.learning_rate
    return float(rate(0) if callable(rate) else rate)


def settings_of(sampler: SamplingAlgorithm) -> Settings:
    """What a sampler was built of.

    Raises:
        ValueError: it is none of `ngd.samplers`.
    """
    if sampler.settings is None:
        raise ValueError("sampler must be built by ngd.samplers: its settings are not known")
    return sampler.settings


def nominal_temperature(settings: Settings) -> float:
    """T that was asked for, or by the formulas: of the Gaussian noise, or else (ε/2)(N/B - 1).

    The latter is Theorem 2's. Beside Gaussian noise that of minibatches is not meant to count.
    """
    if settings.temperature is not None:
        return float(settings.temperature)
    n, b, rate = settings.task.examples, settings.batch_size, settings.learning_rate
    noise = float(settings.noise)
    if noise or b is None or callable(rate):
        # Without noise a falling schedule ends in a minimum.
        return noise
    return float(rate) / 2 * (n / int(b) - 1) / float(settings.friction or 1)
