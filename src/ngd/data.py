"""The inputs of a training set: arrays, or rows that stay on the host until they are needed."""

import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Int

from ngd import hardware
from ngd.likelihood import array

Inputs = Any
"""Arrays with the examples along their first axes: one, or a dict or tuple of some."""


class OnHost:
    """Inputs that are read as they are needed, for sets that do not fit on the device.

    What a minibatch, or a piece of all examples, needs is copied at each update. So a minibatch
    costs what reading its rows costs; a sampler that takes the gradient of all examples reads
    all of them at each update.
    """

    def __init__(self, rows: Any) -> None:
        """Inputs that are read as they are needed.

        Args:
            rows: whatever has a `shape` (N, ...), a `dtype` of numbers and gives the rows that
                `rows[indices]` asks for, indices being a vector of NumPy integers: an array or a
                `memmap` of NumPy, an array of Zarr. It must not change while it is sampled.

        Raises:
            ValueError: it has not these, or holds NaN or infinity; it is read through for that.
        """
        shape, kind = getattr(rows, "shape", None), getattr(rows, "dtype", None)
        if not shape or kind is None or np.dtype(kind).kind not in "biuf":
            raise ValueError(
                "rows must have a shape (N, ...) with N >= 1 and a dtype of numbers, as a memmap "
                f"of NumPy; got {type(rows).__name__}"
            )
        self.rows = rows
        self.shape = tuple(int(side) for side in shape)
        self.dtype = jax.dtypes.canonicalize_dtype(kind)
        for piece in self.pieces():
            if not np.isfinite(piece).all():
                raise ValueError("rows must be finite, got NaN or infinity in them")

    def __len__(self) -> int:
        """N."""
        return self.shape[0]

    def __getitem__(self, indices: Any) -> Array:
        """The rows of these indices, shape (*indices.shape, ...)."""
        indices = jnp.asarray(indices)
        like = jax.ShapeDtypeStruct((*indices.shape, *self.shape[1:]), self.dtype)
        return jax.pure_callback(self._read, like, indices, vmap_method="expand_dims")

    def _read(self, indices: Any) -> np.ndarray:
        indices = np.asarray(indices)
        found = np.asarray(self.rows[indices.reshape(-1)], self.dtype)
        return found.reshape(*indices.shape, *self.shape[1:])

    def pieces(self, size: int = 4096) -> Any:
        """All rows in their order, as arrays of NumPy of up to `size` rows."""
        for first in range(0, len(self), size):
            yield self._read(np.arange(first, min(first + size, len(self))))


# Without leaves, and known to `jit` by its identity.
jax.tree_util.register_static(OnHost)


def _map(function: Callable[[Any], Any], x: Inputs) -> Any:
    return jax.tree.map(function, x, is_leaf=lambda leaf: isinstance(leaf, OnHost))


def leaves(x: Inputs) -> list[Any]:
    """The arrays of the inputs, those on the host as they are."""
    return jax.tree.leaves(x, is_leaf=lambda leaf: isinstance(leaf, OnHost))


def on_host(x: Inputs) -> bool:
    """Whether some of the inputs stay on the host."""
    return any(isinstance(leaf, OnHost) for leaf in leaves(x))


def checked(name: str, x: Any) -> Inputs:
    """Inputs as arrays of JAX, or on the host.

    Raises:
        ValueError: they are no arrays of numbers of shape (N, ...), all of one N, or not finite.
    """
    if isinstance(x, OnHost):
        return x
    if isinstance(x, dict) and x:
        found: Any = {key: checked(f"{name}[{key!r}]", part) for key, part in x.items()}
    elif isinstance(x, tuple) and x and all(hasattr(part, "shape") for part in x):
        parts = [checked(f"{name}[{i}]", part) for i, part in enumerate(x)]
        found = type(x)(*parts) if hasattr(x, "_fields") else tuple(parts)
    else:
        return _array(name, x)
    lengths = sorted({len(leaf) for leaf in leaves(found)})
    if len(lengths) > 1:
        raise ValueError(f"{name} must hold arrays of one length N, got lengths {lengths}")
    return found


def _array(name: str, x: Any) -> Array:
    x = array(name, x)
    if x.ndim == 0 or len(x) == 0:
        raise ValueError(f"{name} must have shape (N, ...) with N >= 1, got {x.shape}")
    if not isinstance(x, Tracer) and jnp.issubdtype(x.dtype, jnp.inexact):
        with jax.ensure_compile_time_eval():
            finite = bool(jnp.isfinite(x).all())
        if not finite:
            raise ValueError(f"{name} must be finite, got NaN or infinity in it")
    return x


def length(x: Inputs) -> int:
    """How many examples there are."""
    return len(leaves(x)[0])


def take(x: Inputs, indices: Int[Array, " m"]) -> Inputs:
    """The examples of these indices."""
    return _map(lambda leaf: leaf[indices], x)


def batch_of_one(x_i: Inputs) -> Inputs:
    """One example as a batch."""
    return _map(lambda leaf: leaf[None], x_i)


def whole(what: str, x: Inputs) -> Inputs:
    """The inputs, all at once.

    Raises:
        ValueError: some stay on the host.
    """
    if on_host(x):
        raise ValueError(
            f"{what} needs all inputs at once, in an array; got inputs on the host (of the "
            "metrics sampled_fisher does without)"
        )
    return x


def another(x: Inputs) -> int:
    """The first example that differs from example 0; 0 if there is none."""
    found = [_another(leaf) for leaf in leaves(x)]
    return min((i for i in found if i), default=0)


def _another(leaf: Any) -> int:
    pieces = leaf.pieces() if isinstance(leaf, OnHost) else [leaf]
    first, seen = None, 0
    for piece in pieces:
        first = piece[0] if first is None else first
        differs = np.asarray((piece != first).reshape(len(piece), -1).any(axis=1))
        if differs.any():
            return seen + int(differs.argmax())
        seen += len(piece)
    return 0


class Piece(NamedTuple):
    """How many examples to differentiate at once, so that all between layers stays in the cache.

    Attributes:
        size: examples.
        large: from so many examples on, a gradient is summed over pieces.
    """

    size: int
    large: int


IMAGE = 256
"""Inputs of so many numbers and more are images."""

TRANSFER = 1024
"""So many examples go to an accelerator at once, where they stay on the host."""


def piece(x: Inputs) -> Piece:
    """By the size of an input of x, which is a training set: of images few fit.

    On an accelerator all at once: what costs there is how often a kernel starts.
    """
    if hardware.accelerated():
        return Piece(TRANSFER, TRANSFER) if on_host(x) else Piece(sys.maxsize, sys.maxsize)
    numbers = sum(math.prod(leaf.shape[1:]) for leaf in leaves(x))
    return Piece(32, 128) if numbers >= IMAGE else Piece(128, 1024)


def in_pieces(of_sum: Callable[[Any], Any], examples: Any, size: int) -> Any:
    """The sum over examples, made of some at a time.

    Args:
        of_sum: gives a pytree from examples, whose first axis may be of any length up to `size`.
        examples: a pytree of arrays with the examples along their first axes.
        size: examples in a piece; the first piece is of what is left over.
    """
    first = (length(examples) - 1) % size + 1

    def add(total: Any, piece: Any) -> tuple[Any, None]:
        return jax.tree.map(jnp.add, total, of_sum(piece)), None

    start = of_sum(jax.tree.map(lambda a: a[:first], examples))
    rest = jax.tree.map(lambda a: a[first:].reshape(-1, size, *a.shape[1:]), examples)
    return jax.lax.scan(add, start, rest)[0]
