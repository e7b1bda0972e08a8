"""A metric as its factor: G = UᵀU, with a row of U for each example."""

from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Rows = Float[Array, "m P"]
"""U written out."""


class Outer(NamedTuple):
    """Rows of a dense layer, vec(a δᵀ), kept as a and δ: never written out.

    Attributes:
        inputs: a, shape (m, i).
        deltas: δ, the loss's gradient by the layer's output, shape (m, o).
    """

    inputs: Float[Array, "m i"]
    deltas: Float[Array, "m o"]


class Kernel(NamedTuple):
    """Rows of a layer shared over positions (a convolution), written out.

    Attributes:
        rows: Σ_p δ_p a_pᵀ, shape (m, o, i): the order in which they are cheap to compute.
    """

    rows: Float[Array, "m o i"]


Block = Outer | Kernel
Factor = Rows | tuple[Block, ...]
"""U as one matrix, or as blocks side by side in the order of the flat parameters."""


class Averaged(NamedTuple):
    """A metric that is mostly its newest estimate: U has the rows of both parts.

    Attributes:
        newest: the factor which makes up most of the metric.
        older: the rest, of small weight.
    """

    newest: Factor
    older: Factor


def joined(factor: Factor | Averaged) -> Factor:
    """U as one factor, the newest estimate's rows first."""
    if not isinstance(factor, Averaged):
        return factor
    return jax.tree.map(lambda a, b: jnp.concatenate([a, b]), factor.newest, factor.older)


def rows_of(factor: Factor | Averaged) -> Rows:
    """U written out, shape (m, P)."""
    plain = joined(factor)
    if not isinstance(plain, tuple):
        return plain
    written = []
    for block in plain:
        if isinstance(block, Outer):
            rows = block.inputs[:, :, None] * block.deltas[:, None, :]
        else:
            rows = block.rows.transpose(0, 2, 1)
        written.append(rows.reshape(rows.shape[0], -1))
    return jnp.concatenate(written, axis=1)


def shape(factor: Factor) -> tuple[int, int]:
    """(m, P)."""
    if not isinstance(factor, tuple):
        return factor.shape[0], factor.shape[1]
    return factor[0][0].shape[0], sum(_size(block) for block in factor)


def _size(block: Block) -> int:
    if isinstance(block, Outer):
        return block.inputs.shape[1] * block.deltas.shape[1]
    return block.rows.shape[1] * block.rows.shape[2]


def times(factor: Factor, v: Float[Array, " P"]) -> Float[Array, " m"]:
    """Uv."""
    if not isinstance(factor, tuple):
        return factor @ v
    total, start = jnp.zeros((), v.dtype), 0
    for block in factor:
        part = v[start : start + _size(block)]
        start += _size(block)
        if isinstance(block, Outer):
            kernel = part.reshape(block.inputs.shape[1], block.deltas.shape[1])
            total = total + jnp.sum((block.inputs @ kernel) * block.deltas, axis=1)
        else:
            m, o, i = block.rows.shape
            total = total + block.rows.reshape(m, -1) @ part.reshape(i, o).T.ravel()
    return total


def transpose_times(factor: Factor, z: Float[Array, " m"]) -> Float[Array, " P"]:
    """Uᵀz."""
    if not isinstance(factor, tuple):
        return factor.T @ z
    parts = []
    for block in factor:
        if isinstance(block, Outer):
            parts.append((block.inputs.T @ (z[:, None] * block.deltas)).ravel())
        else:
            m, o, i = block.rows.shape
            parts.append((block.rows.reshape(m, -1).T @ z).reshape(o, i).T.ravel())
    return jnp.concatenate(parts)


def gram(factor: Factor) -> Float[Array, "m m"]:
    """UUᵀ, its lower triangle only; what stands above the diagonal is not to be read.

    Of a dense layer it is (aaᵀ)∘(δδᵀ): two small products, and no per-example gradient.
    """
    if not isinstance(factor, tuple):
        return lower_product(factor)
    total = None
    for block in factor:
        if isinstance(block, Outer):
            part = (block.inputs @ block.inputs.T) * (block.deltas @ block.deltas.T)
        else:
            part = lower_product(block.rows.reshape(block.rows.shape[0], -1))
        total = part if total is None else total + part
    assert total is not None
    return total


def lower_product(rows: Float[Array, "m P"], blocks: int = 4) -> Float[Array, "m m"]:
    """UUᵀ by blocks of rows, those above the diagonal left out: 5/8 of the arithmetic."""
    m = rows.shape[0]
    if m < 256:
        return rows @ rows.T
    edges = [m * block // blocks for block in range(blocks + 1)]
    strips = [
        jnp.pad(rows[low:high] @ rows[:high].T, ((0, 0), (0, m - high)))
        for low, high in pairwise(edges)
    ]
    return jnp.concatenate(strips)


def scale(factor: Factor, weights: Float[Array, " m"]) -> Factor:
    """The rows of U times `weights`."""
    if not isinstance(factor, tuple):
        return factor * weights[:, None]
    scaled: list[Block] = []
    for block in factor:
        if isinstance(block, Outer):
            scaled.append(Outer(block.inputs, block.deltas * weights[:, None]))
        else:
            scaled.append(Kernel(block.rows * weights[:, None, None]))
    return tuple(scaled)
