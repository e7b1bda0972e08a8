"""Settings of the readings: Figs 5 and 7 with one thing read in another way."""

import re
from typing import Annotated, Any, ClassVar, Self

import pydantic
from pydantic import model_validator

from artifact.figures.fig5_6.settings_mlp import MLPPoint
from artifact.figures.fig7.settings_cnn import CNNPoint
from artifact.settings.images import ImagesSweep
from artifact.settings.sweeps import Axes, Exactness, Sweep
from artifact.settings.typed import (
    BrokenRuleError,
    Check,
    Fraction,
    Positive,
    Settings,
    Truth,
    one_of,
    setting,
)

Changes = Annotated[
    dict[str, Any], Check(lambda value: _mapping(value), allowed="a mapping of settings")
]


def _mapping(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError("be of type mapping")
    return value


class Variants(Sweep):
    """A sweep for each reading of the text: what all share, and what each changes of that."""

    ONE: ClassVar[type[Sweep]]
    """A reading on its own."""

    CHANGED: ClassVar[tuple[str, ...]]
    """What a reading may change. One that takes long may have fewer repeats, never more."""

    variants: dict[str, Changes] = setting(
        "What each reading changes, by its name; `base` is ours, and changes nothing."
    )

    def of(self, name: str) -> Sweep:
        """The settings of one reading, as of a figure of its own."""
        shared = {key: getattr(self, key) for key in type(self).ONE.model_fields}
        one = self.ONE.model_validate({**shared, **self.variants[name]})
        return one.model_copy(update={"repeats": min(one.repeats, self.repeats)})

    @model_validator(mode="after")
    def _each_is_a_sweep(self) -> Self:
        if "base" not in self.variants:
            raise BrokenRuleError("variants", list(self.variants), "hold base")
        for name, changes in self.variants.items():
            # A name becomes part of paths; cnn_ would be taken for one of the CNN's.
            if not re.fullmatch(r"(?!cnn_)[A-Za-z0-9_]+", name):
                raise BrokenRuleError("variants", name, "be a word of letters, digits and _")
            for key in changes:
                if key not in self.CHANGED:
                    raise BrokenRuleError(
                        f"variants.{name}.{key}",
                        changes[key],
                        f"be of a setting that readings change: {', '.join(self.CHANGED)}",
                    )
            try:
                self.of(name)
            except pydantic.ValidationError as error:
                first = error.errors()[0]
                place = ".".join(str(part) for part in ("variants", name, *first["loc"]))
                rule = str(first.get("ctx", {}).get("error", first["msg"]))
                if " is not allowed; must " in rule:  # it names a key of the reading's own
                    raise ValueError(f"{place}.{rule}") from None
                raise ValueError(
                    f"{place} = {first['input']!r} is not allowed; must {rule}"
                ) from None
        return self


class MLPReadingPoint(MLPPoint):
    """What a reading of section 6.3 depends on."""

    input_scale: Positive = setting("What projected pixels in [0, 1] are multiplied by.")
    bias: Truth = setting("Whether the layers have biases.")
    fisher: Annotated[str, one_of("without_replacement", "with_replacement", "exact")] = setting(
        "How the Fisher's examples are drawn, one sampled label each; or the exact Fisher."
    )
    moving_average: Fraction = setting("The smoothing factor α of section 6.4; 0 for none.")


class MLPReading(MLPReadingPoint, Axes, Exactness, ImagesSweep):
    """One reading of section 6.3."""

    POINT: ClassVar[type[Settings]] = MLPReadingPoint


class MLPReadings(MLPReading, Variants):
    """Fig. 5 with one thing read in another way."""

    ONE: ClassVar[type[Sweep]] = MLPReading
    CHANGED: ClassVar[tuple[str, ...]] = (
        "regularisation",
        "exact_temperature",
        "input_scale",
        "bias",
        "fisher",
        "moving_average",
        "repeats",
    )


class CNNReading(CNNPoint, Axes, Exactness, ImagesSweep):
    """One reading of section 6.4."""

    POINT: ClassVar[type[Settings]] = CNNPoint


class CNNReadings(CNNReading, Variants):
    """Fig. 7 with λ read in another way."""

    ONE: ClassVar[type[Sweep]] = CNNReading
    CHANGED: ClassVar[tuple[str, ...]] = ("regularisation",)
