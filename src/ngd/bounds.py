"""What a hyperparameter may be: checked where a sampler is built, if its value is known there."""

import math
from numbers import Integral, Real
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from ngd.minibatch import Bounded

Scalar = float | Float[Array, ""]
"""A hyperparameter: a number, or an array of JAX which `vmap` runs over."""


def number(name: str, value: Scalar) -> Scalar:
    """A finite number: one of Python or NumPy as a Python float, an array of JAX as it is.

    A NumPy scalar has a precision of its own, which would become that of the chain.

    Args:
        name: of the hyperparameter.
        value: a number or an array of shape (); that of an array under `jit` or `vmap` is not
            known and not checked.

    Raises:
        ValueError: it is something else, or not finite.
    """
    if isinstance(value, Tracer):
        return value
    if callable(value):
        raise ValueError(
            f"{name} must be a number, got a function: schedules are for ngd.optimiser"
        )
    plain = isinstance(value, Real | jax.Array | np.ndarray) and np.ndim(value) == 0
    if not plain or np.asarray(value).dtype.kind not in "fiu" + "V":  # V: bfloat16
        raise ValueError(f"{name} must be a number, got {value!r}")
    if not math.isfinite(float(np.asarray(value, float))):
        raise ValueError(f"{name} must be finite, got {value!r}")
    return value if isinstance(value, jax.Array) else float(value)


def positive(name: str, value: Scalar) -> Scalar:
    """`number`, of a value above zero.

    Raises:
        ValueError: `value` is no finite number > 0.
    """
    checked = number(name, value)
    if not isinstance(checked, Tracer) and not np.asarray(checked) > 0:
        raise ValueError(f"{name} must be > 0, got {checked!r}")
    return checked


def non_negative(name: str, value: Scalar) -> Scalar:
    """`number`, of a value not below zero.

    Raises:
        ValueError: `value` is no finite number >= 0.
    """
    checked = number(name, value)
    if not isinstance(checked, Tracer) and not np.asarray(checked) >= 0:
        raise ValueError(f"{name} must be >= 0, got {checked!r}")
    return checked


def fraction(name: str, value: float) -> float:
    """`number`, of a value in [0, 1).

    Raises:
        ValueError: `value` is not in [0, 1).
    """
    checked = float(number(name, value))
    if not 0 <= checked < 1:
        raise ValueError(f"{name} must be in [0, 1), got {checked!r}")
    return checked


def batch_size(name: str, value: Any, examples: int) -> Any:
    """Refuse a batch that is empty or larger than the set it is drawn from.

    Raises:
        ValueError: `value` is not an integer in 1..`examples` (4.0 is none), or of a
            `minibatch.Bounded` its size is not in 1..`largest`, or that not in 1..`examples`.
    """
    if isinstance(value, Bounded):
        batch_size(f"{name}.largest", value.largest, examples)
        batch_size(f"{name}.size", value.size, value.largest)
        return value
    if isinstance(value, Tracer):
        return value
    whole = (isinstance(value, Integral) and not isinstance(value, bool)) or (
        isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jnp.integer)
    )
    if not whole or np.ndim(value) or not 1 <= int(np.asarray(value)) <= examples:
        raise ValueError(f"{name} must be a whole number in 1..{examples}, got {value!r}")
    return value if isinstance(value, jax.Array) else int(value)


def whole_batch_size(name: str, value: Any, examples: int) -> int:
    """`batch_size` of a sampler whose minibatches are of one size: a whole number of Python.

    Raises:
        ValueError: it is not in 1..`examples`, or is an array.
    """
    checked = batch_size(name, value, examples)
    if not isinstance(checked, int):
        raise ValueError(f"{name} must be a whole number in 1..{examples}, got {value!r}")
    return checked


def count(name: str, value: int, least: int) -> int:
    """A whole number that is not below `least`.

    Raises:
        ValueError: it is none, or below.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number >= {least}, got {value!r}")
    return int(value)
