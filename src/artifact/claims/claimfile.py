"""The file of claims: read, and checked before any job starts."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from artifact.claims import repeats, statistics
from artifact.refusals import RefusedError
from artifact.settings import layers
from artifact.settings.typed import Settings

Bound = Annotated[float, Field(allow_inf_nan=False)] | int | None


class ClaimError(RefusedError):
    """A claim that can't be judged; its text is one line that names claim, key and rule."""


class Claim(Settings):
    """One claim, as in `workflow/claims.yaml`, which says what each key is."""

    claim: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]
    where: str
    says: str
    statistic: str
    tables: Annotated[list[str], Field(min_length=1)]
    of: dict[str, Any] = Field(default_factory=dict)
    between: Annotated[list[Bound], Field(min_length=2, max_length=2)]
    separable: bool | None = None
    paired: bool = False
    note: str = ""
    notes: dict[Literal["smoke", "quick", "paper", "fashion"], str] = Field(default_factory=dict)


def read(path: Path) -> list[dict[str, Any]]:
    """The claims of a file, in order.

    Raises:
        ClaimError: one can't be judged.
    """
    try:
        listed: Any = layers.read(path)
    except layers.ConfigError as error:
        raise ClaimError(str(error).replace("config", path.name, 1)) from None
    names = [entry.get("claim") for entry in listed]
    for name in names:
        if names.count(name) > 1:
            raise ClaimError(f"{path.name}: claim {name} stands twice")
    for name, entry in zip(names, listed, strict=True):
        try:
            _check(Claim.model_validate(entry))
        except (ValueError, pydantic.ValidationError) as error:
            told = f"{path.name}: claim {name}: {_first(error)}"
            raise ClaimError(layers.one_line(told)) from None
    return list(listed)


def at_scale(claims: Sequence[Mapping[str, Any]], scale: str) -> list[dict[str, Any]]:
    """The claims with what their `notes` say of the runs at a scale after their `note`."""
    return [
        {
            **claim,
            "note": ". ".join(
                text for text in (claim.get("note"), claim.get("notes", {}).get(scale)) if text
            ),
        }
        for claim in claims
    ]


def _first(error: ValueError) -> str:
    if not isinstance(error, pydantic.ValidationError):
        return str(error)
    found = error.errors()[0]
    return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"


def _check(claim: Claim) -> None:
    bottom, top = claim.between
    if bottom is None and top is None:
        raise ValueError("between = [null, null] is not allowed; must have a bound")
    if bottom is not None and top is not None and not bottom < top:
        raise ValueError(f"between = [{bottom}, {top}] is not allowed; must rise")
    if claim.statistic not in statistics.STATISTICS:
        raise ValueError(
            f"statistic = {claim.statistic!r} is not allowed; must be one of "
            + ", ".join(sorted(statistics.STATISTICS))
        )
    if (claim.separable is None) == ("separable" in claim.tables):
        raise ValueError(
            f"separable = {claim.separable} is not allowed; must be true or false where tables has "
            "separable, and be left out elsewhere"
        )
    try:
        inspect.signature(statistics.STATISTICS[claim.statistic]).bind({}, **claim.of)
    except TypeError as error:
        raise ValueError(f"of = {claim.of!r} is not allowed; {claim.statistic}: {error}") from None


def tables_of(claims: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The tables that claims read, by the names that they give them."""
    names = dict.fromkeys(name for claim in claims for name in claim["tables"])
    return {name: repeats.file_of(name) for name in names}
