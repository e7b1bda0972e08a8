"""A metric as its factor: G = UᵀU, with a row of U for each example."""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

Rows = Float[Array, "_ P"]
"""U written out."""


class Outer(NamedTuple):
    """Rows of a dense layer, vec(a δᵀ), kept as a and δ: never written out.

    Attributes:
        inputs: a, shape (m, i).
        deltas: δ, the loss's gradient by the layer's output, shape (m, o).
    """

    inputs: Float[Array, "m i"]
    deltas: Float[Array, "m o"]


@partial(jax.tree_util.register_dataclass, data_fields=["rows"], meta_fields=["outputs"])
@dataclass(frozen=True)
class Kernel:
    """Rows of a layer shared over positions (a convolution), written out.

    Attributes:
        rows: Σ_p δ_p a_pᵀ of o x i, the order in which it is cheap to compute, as a float
            array of shape (m, o i).
        outputs: o.
    """

    rows: Any
    outputs: int


Block = Outer | Kernel


class Blocks(NamedTuple):
    """Rows in parts, side by side in the order of the flat parameters.

    Attributes:
        layers: a block for each layer.
        norms: |u|² of each row u, shape (m,): made with the rows, while they are in the cache.
    """

    layers: tuple[Block, ...]
    norms: Float[Array, " m"]


class Fixed(NamedTuple):
    """Rows that stay what they are, only their weights changing: those of a linear model.

    Attributes:
        rows: shape (m, P).
        products: u_p u_q for p >= q of each row u, shape (m, P(P+1)/2). Chains that share them
            have their second moments from one product of large matrices.
    """

    rows: Rows
    products: Float[Array, "m _"]


Layout = Rows | Blocks | Fixed
"""Rows as one matrix, layer by layer, or with their products."""


class Weighted(NamedTuple):
    """Rows and what each is multiplied by, kept apart: no row is copied to be scaled.

    Attributes:
        rows: the rows of U before they are scaled.
        weights: shape (m,).
    """

    rows: Layout
    weights: Float[Array, " m"]


Factor = Layout | Weighted


def fixed(rows: Rows) -> Fixed:
    """Rows with their products."""
    first, second = np.tril_indices(rows.shape[1])
    return Fixed(rows, rows[:, first] * rows[:, second])


def side_by_side(layers: tuple[Block, ...]) -> Blocks:
    """Blocks with their rows' norms."""
    norms = jnp.zeros(())
    for block in layers:
        if isinstance(block, Outer):
            norms = norms + jnp.sum(block.inputs**2, axis=1) * jnp.sum(block.deltas**2, axis=1)
        else:
            norms = norms + jnp.sum(block.rows**2, axis=1)
    return Blocks(layers, norms)


def scale(factor: Factor, weights: Float[Array, " m"]) -> Weighted:
    """The rows of U times `weights`."""
    if isinstance(factor, Weighted):
        return Weighted(factor.rows, factor.weights * weights)
    return Weighted(factor, weights)


def take(factor: Factor, chosen: Int[Array, " k"]) -> Factor:
    """The chosen rows of U."""
    return jax.tree.map(lambda a: a[chosen], factor)


def rows_of(factor: Factor) -> Rows:
    """U written out, shape (m, P)."""
    if isinstance(factor, Weighted):
        return rows_of(factor.rows) * factor.weights[:, None]
    if isinstance(factor, Fixed):
        return factor.rows
    if not isinstance(factor, Blocks):
        return factor
    written = []
    for block in factor.layers:
        if isinstance(block, Outer):
            rows = block.inputs[:, :, None] * block.deltas[:, None, :]
        else:
            rows = block.rows.reshape(len(block.rows), block.outputs, -1).transpose(0, 2, 1)
        written.append(rows.reshape(rows.shape[0], -1))
    return jnp.concatenate(written, axis=1)


def shape(factor: Factor) -> tuple[int, int]:
    """(m, P)."""
    if isinstance(factor, Weighted):
        return shape(factor.rows)
    if isinstance(factor, Fixed):
        return shape(factor.rows)
    if not isinstance(factor, Blocks):
        return factor.shape[0], factor.shape[1]
    return jax.tree.leaves(factor)[0].shape[0], sum(map(_size, factor.layers))


def _size(block: Block) -> int:
    if isinstance(block, Outer):
        return block.inputs.shape[1] * block.deltas.shape[1]
    return block.rows.shape[1]


def times(factor: Factor, v: Float[Array, " P"]) -> Float[Array, " m"]:
    """Uv."""
    if isinstance(factor, Weighted):
        return factor.weights * times(factor.rows, v)
    if isinstance(factor, Fixed):
        return times(factor.rows, v)
    if not isinstance(factor, Blocks):
        return factor @ v
    total, start = jnp.zeros((), v.dtype), 0
    for block in factor.layers:
        part = v[start : start + _size(block)]
        start += _size(block)
        if isinstance(block, Outer):
            kernel = part.reshape(block.inputs.shape[1], block.deltas.shape[1])
            total = total + jnp.sum((block.inputs @ kernel) * block.deltas, axis=1)
        else:
            total = total + block.rows @ part.reshape(-1, block.outputs).T.ravel()
    return total


def transpose_times(factor: Factor, z: Float[Array, " m"]) -> Float[Array, " P"]:
    """Uᵀz."""
    if isinstance(factor, Weighted):
        return transpose_times(factor.rows, factor.weights * z)
    if isinstance(factor, Fixed):
        return transpose_times(factor.rows, z)
    if not isinstance(factor, Blocks):
        # Not Uᵀ @ z, which XLA's CPU compiler makes ten times slower.
        return z @ factor
    parts = []
    for block in factor.layers:
        if isinstance(block, Outer):
            # The barrier keeps XLA from turning the product round, seven times slower.
            product = jax.lax.optimization_barrier((z[:, None] * block.deltas).T @ block.inputs)
            parts.append(product.T.ravel())
        else:
            parts.append((z @ block.rows).reshape(block.outputs, -1).T.ravel())
    return jnp.concatenate(parts)


def squared_norms(factor: Factor) -> Float[Array, " m"]:
    """|u|² of each row u of U: the diagonal of UUᵀ."""
    if isinstance(factor, Weighted):
        return factor.weights**2 * squared_norms(factor.rows)
    if isinstance(factor, Fixed):
        return squared_norms(factor.rows)
    return factor.norms if isinstance(factor, Blocks) else jnp.sum(factor**2, axis=1)


def gram(factor: Factor) -> Float[Array, "m m"]:
    """UUᵀ, its lower triangle only; what stands above the diagonal is not to be read.

    Of a dense layer it is (aaᵀ)∘(δδᵀ): two small products, and no per-example gradient.
    """
    if isinstance(factor, Weighted):
        return factor.weights[:, None] * factor.weights * gram(factor.rows)
    if isinstance(factor, Fixed):
        return gram(factor.rows)
    if not isinstance(factor, Blocks):
        return lower_product(factor)
    total = None
    for block in factor.layers:
        if isinstance(block, Outer):
            part = (block.inputs @ block.inputs.T) * (block.deltas @ block.deltas.T)
        else:
            part = lower_product(block.rows)
        total = part if total is None else total + part
    assert total is not None
    return total


def second_moment(factor: Factor) -> Float[Array, "P P"]:
    """UᵀU, of which only the lower triangle is to be read."""
    if not (isinstance(factor, Weighted) and isinstance(factor.rows, Fixed)):
        return lower_product(rows_of(factor).T)
    first, second = np.tril_indices(shape(factor)[1])
    place = np.zeros((shape(factor)[1],) * 2, int)
    place[first, second] = place[second, first] = np.arange(len(first))
    return (factor.weights**2 @ factor.rows.products)[place]


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
