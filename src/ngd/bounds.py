"""What a hyperparameter may be: checked where a sampler is built, if its value is known there."""

from numbers import Integral

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array


def positive(name: str, value: float | Array) -> None:
    """Refuse a value that is not above zero (NaN too).

    Raises:
        ValueError: `value` is not > 0.
    """
    if not isinstance(value, Tracer) and not value > 0:
        raise ValueError(f"{name} must be > 0, got {value!r}")


def non_negative(name: str, value: float | Array) -> None:
    """Refuse a value below zero (NaN too).

    Raises:
        ValueError: `value` is not >= 0.
    """
    if not isinstance(value, Tracer) and not value >= 0:
        raise ValueError(f"{name} must be >= 0, got {value!r}")


def fraction(name: str, value: float) -> None:
    """Refuse a value outside [0, 1).

    Raises:
        ValueError: `value` is not in [0, 1).
    """
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be in [0, 1), got {value!r}")


def batch_size(name: str, value: int | Array, examples: int) -> None:
    """Refuse a batch that is empty or larger than the set it is drawn from.

    Raises:
        ValueError: `value` is not an integer in 1..`examples` (4.0 is none).
    """
    if isinstance(value, Tracer):
        return
    whole = isinstance(value, Integral) or (
        isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jnp.integer)
    )
    if not whole or not 1 <= value <= examples:
        raise ValueError(f"{name} must be a whole number in 1..{examples}, got {value!r}")
