"""The gradient of a convolution's kernel as a product of two matrices of a row a position."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array


class Positions(NamedTuple):
    """The gradient is seenᵀ deltas.

    Attributes:
        seen: what the kernel sees at each of T positions, shape (T, i), in the kernel's order.
        deltas: the loss's gradient by its outputs there, shape (T, o).
    """

    seen: Array
    deltas: Array


def positions(eqn: Any, x: Array, delta: Array) -> Positions | None:
    """Of a gradient that is made as a convolution of the layer's inputs by δ, of one example.

    Args:
        eqn: the convolution's equation.
        x: the layer's inputs, and
        delta: δ, as the equation takes them.

    Returns:
        None for a convolution in groups, or a kernel whose outputs are not its last axis.
    """
    numbers = eqn.params["dimension_numbers"]
    groups = eqn.params["feature_group_count"] * eqn.params["batch_group_count"]
    channel, example, *space = numbers.rhs_spec
    last = numbers.out_spec[1] == len(numbers.out_spec) - 1
    if groups != 1 or not last or delta.shape[example] != 1:
        return None
    deltas = delta.transpose(example, *space, channel).reshape(-1, delta.shape[channel])
    return Positions(_seen(eqn, x, [delta.shape[axis] for axis in space]), deltas)


def _seen(eqn: Any, x: Array, sides: list[int]) -> Array:
    """Output κ of the convolution sums what `sides` positions have at κ: a slice for each κ."""
    options, shape = eqn.params, eqn.outvars[0].aval.shape
    numbers = options["dimension_numbers"]
    kernel = [shape[axis] for axis in numbers.out_spec[2:]]
    inner = x.transpose(numbers.lhs_spec)[:, 0]
    edges = zip(options["padding"], options["lhs_dilation"], strict=True)
    widths = [(0, 0, 0), *((low, high, between - 1) for (low, high), between in edges)]
    padded = jax.lax.pad(inner, jnp.zeros((), x.dtype), widths)
    apart = options["rhs_dilation"]
    slices = []
    for place in np.ndindex(*kernel):
        begin = [at * step for at, step in zip(place, options["window_strides"], strict=True)]
        reach = [(side - 1) * step + 1 for side, step in zip(sides, apart, strict=True)]
        end = [first + length for first, length in zip(begin, reach, strict=True)]
        slices.append(jax.lax.slice(padded, [0, *begin], [len(inner), *end], [1, *apart]))
    # Axes of the kernel, inputs and positions; the former two in the order of the kernel's own.
    stacked = jnp.stack(slices).reshape(*kernel, len(inner), -1)
    order = np.argsort([*numbers.out_spec[2:], numbers.out_spec[0]])
    return stacked.transpose(*order, len(kernel) + 1).reshape(-1, stacked.shape[-1]).T
