"""Layouts of a metric's rows that are cheaper than a matrix."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ngd.metrics.factor import Factor, Rows, Written, layout
from ngd.metrics.solvers import lower_product


@partial(layout, data_fields=["inputs", "deltas"])
@dataclass(frozen=True)
class Outer(Factor):
    """Rows of a dense layer, vec(a δᵀ), kept as a and δ: never written out.

    Attributes:
        inputs: a, shape (m, i).
        deltas: δ, the loss's gradient by the layer's output, shape (m, o).
    """

    inputs: Any
    deltas: Any

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.inputs), self.inputs.shape[1] * self.deltas.shape[1]

    def written(self) -> Rows:
        rows = self.inputs[:, :, None] * self.deltas[:, None, :]
        return rows.reshape(rows.shape[0], -1)

    def times(self, v: Float[Array, " P"]) -> Float[Array, " m"]:
        kernel = v.reshape(self.inputs.shape[1], self.deltas.shape[1])
        return jnp.sum((self.inputs @ kernel) * self.deltas, axis=1)

    def transpose_times(self, z: Float[Array, " m"]) -> Float[Array, " P"]:
        # The barrier keeps XLA from turning the product round, seven times slower.
        product = jax.lax.optimization_barrier((z[:, None] * self.deltas).T @ self.inputs)
        return product.T.ravel()

    def squared_norms(self) -> Float[Array, " m"]:
        return jnp.sum(self.inputs**2, axis=1) * jnp.sum(self.deltas**2, axis=1)

    def gram(self) -> Float[Array, "m m"]:
        """(aaᵀ)∘(δδᵀ): two small products, and no per-example gradient."""
        return (self.inputs @ self.inputs.T) * (self.deltas @ self.deltas.T)


@partial(layout, data_fields=["inputs", "deltas"])
@dataclass(frozen=True)
class Positions(Factor):
    """Rows of a layer at several positions, vec(Σ_t a_t δ_tᵀ), kept as a and δ.

    Attributes:
        inputs: a, shape (m, T, i).
        deltas: δ, shape (m, T, o).
    """

    inputs: Any
    deltas: Any

    @staticmethod
    def pays(positions: int, inputs: int, outputs: int) -> bool:
        """Whether |u|² takes less arithmetic from a and δ than from the row u written out.

        A product with a and δ takes T times the arithmetic of one with the rows. Measured, this is
        where it costs less than to write them out: up to T = 8 at 128 x 128, 16 at 512 x 512.
        """
        return positions**2 * (inputs + outputs) <= inputs * outputs

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.inputs), self.inputs.shape[2] * self.deltas.shape[2]

    def written(self) -> Rows:
        rows = jnp.einsum("mti,mto->mio", self.inputs, self.deltas)
        return rows.reshape(len(rows), -1)

    def times(self, v: Float[Array, " P"]) -> Float[Array, " m"]:
        kernel = v.reshape(self.inputs.shape[2], self.deltas.shape[2])
        return jnp.sum((self.inputs @ kernel) * self.deltas, axis=(1, 2))

    def transpose_times(self, z: Float[Array, " m"]) -> Float[Array, " P"]:
        deltas = (z[:, None, None] * self.deltas).reshape(-1, self.deltas.shape[2])
        inputs = self.inputs.reshape(-1, self.inputs.shape[2])
        # As in `Outer`.
        return jax.lax.optimization_barrier(deltas.T @ inputs).T.ravel()

    def squared_norms(self) -> Float[Array, " m"]:
        return jnp.sum(_products(self.inputs) * _products(self.deltas), axis=(1, 2))

    def gram(self) -> Float[Array, "m m"]:
        """Σ_ts (a_t·a_s)(δ_t·δ_s), the products of all positions of all examples."""
        m, positions, _ = self.inputs.shape
        inputs, deltas = (side.reshape(m * positions, -1) for side in (self.inputs, self.deltas))
        products = (inputs @ inputs.T) * (deltas @ deltas.T)
        return products.reshape(m, positions, m, positions).sum(axis=(1, 3))


def _products(vectors: Float[Array, "m T n"]) -> Float[Array, "m T T"]:
    return vectors @ vectors.transpose(0, 2, 1)


@partial(jax.tree_util.register_dataclass, data_fields=["deltas", "places"], meta_fields=["length"])
@dataclass(frozen=True)
class Lookup(Factor):
    """Rows of a table of V vectors, as an embedding, of which each example looks up T.

    Attributes:
        deltas: δ, the loss's gradient by what was looked up, shape (m, T, d).
        places: which they are, shape (m, T), integers; one outside 0..V-1 is none.
        length: V.
    """

    deltas: Any
    places: Any
    length: int

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.deltas), self.length * self.deltas.shape[2]

    def written(self) -> Rows:
        def one(deltas: Array, places: Array) -> Array:
            table = jnp.zeros((self.length, deltas.shape[1]), deltas.dtype)
            return table.at[places].add(deltas, mode="drop").ravel()

        return jax.vmap(one)(self.deltas, self._known())

    def times(self, v: Float[Array, " P"]) -> Float[Array, " m"]:
        table = v.reshape(self.length, -1)
        found = table.at[self._known()].get(mode="fill", fill_value=0)
        return jnp.sum(found * self.deltas, axis=(1, 2))

    def transpose_times(self, z: Float[Array, " m"]) -> Float[Array, " P"]:
        weighted = z[:, None, None] * self.deltas
        table = jnp.zeros((self.length, weighted.shape[2]), weighted.dtype)
        return table.at[self._known()].add(weighted, mode="drop").ravel()

    def squared_norms(self) -> Float[Array, " m"]:
        places = self._known()
        same = (places[:, :, None] == places[:, None, :]) & (places < self.length)[:, :, None]
        return jnp.sum(jnp.where(same, _products(self.deltas), 0), axis=(1, 2))

    def gram(self) -> Float[Array, "m m"]:
        return lower_product(self.written())

    def _known(self) -> Any:
        """The places, one before the first taken for one after the last: it does not wrap round."""
        return jnp.where(self.places < 0, self.length, self.places)


@partial(jax.tree_util.register_dataclass, data_fields=["rows"], meta_fields=["outputs"])
@dataclass(frozen=True)
class Kernel(Factor):
    """Rows of a layer shared over positions (a convolution), written out.

    Attributes:
        rows: Σ_p δ_p a_pᵀ of o x i, the order in which it is cheap to compute, as a float
            array of shape (m, o i).
        outputs: o.
    """

    rows: Any
    outputs: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.shape[0], self.rows.shape[1]

    def written(self) -> Rows:
        rows = self.rows.reshape(len(self.rows), self.outputs, -1).transpose(0, 2, 1)
        return rows.reshape(rows.shape[0], -1)

    def times(self, v: Float[Array, " P"]) -> Float[Array, " m"]:
        return self.rows @ v.reshape(-1, self.outputs).T.ravel()

    def transpose_times(self, z: Float[Array, " m"]) -> Float[Array, " P"]:
        return (z @ self.rows).reshape(self.outputs, -1).T.ravel()

    def squared_norms(self) -> Float[Array, " m"]:
        return jnp.sum(self.rows**2, axis=1)

    def gram(self) -> Float[Array, "m m"]:
        return lower_product(self.rows)


@partial(layout, data_fields=["parts", "norms"])
@dataclass(frozen=True)
class Blocks(Factor):
    """Rows in parts, side by side in the order of the flat parameters.

    Attributes:
        parts: a factor for each array of parameters.
        norms: |u|² of each row u, shape (m,): made with the rows, while they are in the cache.
    """

    parts: tuple[Factor, ...]
    norms: Any

    @property
    def shape(self) -> tuple[int, int]:
        return self.parts[0].shape[0], sum(part.shape[1] for part in self.parts)

    def written(self) -> Rows:
        return jnp.concatenate([part.written() for part in self.parts], axis=1)

    def times(self, v: Float[Array, " P"]) -> Float[Array, " m"]:
        total, start = jnp.zeros((), v.dtype), 0
        for part in self.parts:
            end = start + part.shape[1]
            total = total + part.times(v[start:end])
            start = end
        return total

    def transpose_times(self, z: Float[Array, " m"]) -> Float[Array, " P"]:
        return jnp.concatenate([part.transpose_times(z) for part in self.parts])

    def squared_norms(self) -> Float[Array, " m"]:
        return self.norms

    def gram(self) -> Float[Array, "m m"]:
        first, *others = (part.gram() for part in self.parts)
        return sum(others, first)


def side_by_side(parts: tuple[Factor, ...]) -> Blocks:
    """Blocks with their rows' norms."""
    return Blocks(parts, sum((part.squared_norms() for part in parts), jnp.zeros(())))


@partial(layout, data_fields=["rows", "products"])
@dataclass(frozen=True)
class Fixed(Written):
    """Rows that stay what they are, only their weights changing: those of a linear model.

    Attributes:
        products: u_p u_q for p >= q of each row u, shape (m, P(P+1)/2). Chains that share them
            have their second moments from one product of large matrices.
    """

    products: Any

    def second_moment(self, weights: Float[Array, " m"] | None = None) -> Float[Array, "P P"]:
        if weights is None:
            return super().second_moment()
        _, parameters = self.shape
        first, second = np.tril_indices(parameters)
        place = np.zeros((parameters, parameters), int)
        place[first, second] = place[second, first] = np.arange(len(first))
        return (weights**2 @ self.products)[place]


def fixed(rows: Rows) -> Fixed:
    """Rows with their products."""
    first, second = np.tril_indices(rows.shape[1])
    return Fixed(rows, rows[:, first] * rows[:, second])
