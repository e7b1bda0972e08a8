"""Why a chain is not at the temperature that was asked for, and the cure, in words."""

import math

from ngd.diagnostics.linear import Prediction
from ngd.diagnostics.terms import Estimate, first_rate, nominal_temperature
from ngd.samplers.algorithm import Settings


class CalibrationWarning(UserWarning):
    """A chain is not at the temperature that was asked for."""


def causes(
    settings: Settings,
    asked: float,
    measured: Estimate | None,
    predicted: Prediction | None,
    updates: int,
    tolerance: float = 0.1,
) -> list[str]:
    """Why a chain is not at the temperature asked for, each with its cure; empty where it is.

    Args:
        settings: the sampler's.
        asked: T.
        measured: by the virial theorem.
        predicted: by the Lyapunov equation.
        updates: how many the chain made, burn-in included.
        tolerance: how far from T is far, as a fraction, if it is more than 3 standard errors.
    """

    def far(found: Estimate) -> bool:
        off = abs(found.value - asked)
        return not off <= max(tolerance * asked, 3 * found.standard_error)

    found = []
    rate = first_rate(settings)
    cold_or_hot = "colder" if predicted and predicted.temperature.value < asked else "hotter"
    bound = 2 if settings.friction is None else 2 * (2 - float(settings.friction))
    if settings.metropolis:
        found.append(
            f"a sampler with a Metropolis test is at its own temperature "
            f"({nominal_temperature(settings):g}) once it has forgotten where it began: more "
            f"burn_in and thin, or a learning_rate ({rate:g}) of another acceptance_rate"
        )
    elif predicted is not None and math.isinf(predicted.temperature.value):
        found.append(
            f"the step overshoots: learning_rate times the largest curvature is "
            f"{rate * predicted.largest:.3g} and must be below {bound:.3g}, so lower learning_rate "
            f"({rate:g}) below {bound / predicted.largest:.2g} or raise damping "
            f"({float(settings.damping):g})"
        )
    elif predicted is not None and far(predicted.temperature):
        if settings.weight_noise:
            found.append(
                f"noisy_ngd misses T, its draws are {cold_or_hot} by what their mean moves: "
                f"lower learning_rate ({rate:g})"
            )
        elif settings.batch_size is not None and settings.noise:
            found.append(
                f"the minibatches' noise makes it {cold_or_hot} than its own noise alone would: "
                f"shorter steps (learning_rate is {rate:.3g}) or a larger batch_size "
                f"({int(settings.batch_size)})"
            )
        elif settings.batch_size is not None:
            found.append(
                f"the minibatches' noise is {cold_or_hot} than the metric F + δI takes it to be: "
                f"change batch_size ({int(settings.batch_size)}) and damping "
                f"({float(settings.damping):g}) to those of ngd.diagnostics.calibrated_batch, or "
                "take the sampler preconditioned_langevin, which makes its own noise"
            )
        else:
            found.append(
                f"the learning_rate ({rate:g}) is too large for its noise alone to set the "
                f"temperature (T/(1 - εa/2) along a curvature a): lower it"
            )
    if predicted is not None and predicted.relaxation > updates / 10:
        slow = predicted.relaxation
        needs = f"needs {slow:.0f} updates" if math.isfinite(slow) else "does not come back"
        found.append(
            f"the slowest direction {needs} to forget where it was, and the chain had {updates}: "
            "more burn_in and thin, or a smaller damping"
        )
    if measured is not None and not found and far(measured):
        found.append(
            "the cost is not quadratic as far as the chain reaches, or the varying metric weighs "
            "the density by |F + δI| (docs/theorem1.md): take riemannian_langevin, or a smaller "
            f"learning_rate ({rate:g})"
        )
    if measured is not None and not measured.standard_error <= tolerance * asked:
        found.append(
            "the temperature is not known to a tenth: more chains, or more draws further apart"
        )
    wrong = [e for e in (measured, predicted and predicted.temperature) if e is not None]
    if not any(far(e) or not e.standard_error <= tolerance * asked for e in wrong):
        return []
    return found
