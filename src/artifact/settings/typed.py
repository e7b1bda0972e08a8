"""The types of settings: what a value may be, and a sentence, unit and section for every key."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator


class Settings(BaseModel):
    """The settings of one experiment. Unknown keys are refused, and values are never converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BrokenRuleError(ValueError):
    """A rule that ties settings together is broken; `explain` of `layers` makes a line of it."""

    def __init__(self, key: str, value: Any, rule: str) -> None:
        """`key` is below the model that has the rule, `rule` what comes after "must "."""
        super().__init__(f"{key} = {value!r} is not allowed; must {rule}")


def setting(says: str, *, unit: str = "", section: str = "ours", default: Any = ...) -> Any:
    """A key of settings.

    Args:
        says: a sentence that says what it is.
        unit: of its value, where it has one.
        section: of the paper; "open" where the paper leaves the value open.
        default: its value where no layer names it; without one it must be named.
    """
    return Field(default, description=says, json_schema_extra={"unit": unit, "section": section})


@dataclass(frozen=True)
class Check(PlainValidator):
    """What a value must be, in words and as a function that returns it or raises ValueError."""

    allowed: str = ""


def _refuse(rule: str) -> NoReturn:
    raise ValueError(rule)


def number(
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
    below: float = math.inf,
    whole: bool = False,
) -> Check:
    """A finite number within bounds; `whole` ones are integers, of which 1.0 is none."""
    bounds = {">": above, ">=": least, "<": below, "<=": most}
    kind = "integer" if whole else "number"
    told = [f"{sign} {bound:g}" for sign, bound in bounds.items() if math.isfinite(bound)]

    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            _refuse(f"be of type {kind}")
        if isinstance(value, float) and not math.isfinite(value):
            _refuse("be a finite number")
        fits = {
            ">": value > above,
            ">=": value >= least,
            "<": value < below,
            "<=": value <= most,
        }
        for sign, holds in fits.items():
            if not holds:
                _refuse(f"be {sign} {bounds[sign]:g}")
        return value

    return Check(check, allowed=f"{kind} {', '.join(told)}".strip())


def one_of(*values: str) -> Check:
    """One of a few words."""
    told = ", ".join(values)

    def check(value: Any) -> Any:
        return value if value in values else _refuse(f"be one of {told}")

    return Check(check, allowed=f"one of {told}")


def _truth(value: Any) -> Any:
    return value if isinstance(value, bool) else _refuse("be of type boolean")


def _text(value: Any) -> Any:
    # What a command line gives as a number may be a folder's name.
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) else _refuse("be of type string")


def distinct(values: Sequence[Any]) -> Any:
    """Refuse a list that is empty or repeats itself."""
    if not values:
        _refuse("be a list of at least 1")
    if len(set(values)) < len(values):
        _refuse("be a list without repetitions")
    return values


Truth = Annotated[bool, Check(_truth, allowed="true or false")]
Text = Annotated[str, Check(_text, allowed="text")]
Count = Annotated[int, number(least=1, most=10**8, whole=True)]
Repeats = Annotated[int, number(least=1, most=10**4, whole=True)]
Positive = Annotated[float, number(least=1e-12, above=0, most=1e9)]
NonNegative = Annotated[float, number(least=0, most=1e9)]
Rate = Annotated[float, number(above=0, least=1e-6, most=1e38)]
Temperature = Annotated[float, number(above=0, least=1e-6, most=1e6)]
Fraction = Annotated[float, number(least=0, below=1)]
Counts = Annotated[list[Count], AfterValidator(distinct)]
Positives = Annotated[list[Positive], AfterValidator(distinct)]
Rates = Annotated[list[Rate], AfterValidator(distinct)]
Temperatures = Annotated[list[Temperature], AfterValidator(distinct)]
