"""A metric of blocks A ⊗ S, each by the eigenvectors of A and S."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ngd import bounds
from ngd.bounds import Scalar
from ngd.metrics.layers import Place, assembled
from ngd.metrics.operator import DampedOperator, Operator
from ngd.metrics.solvers import Solution


@partial(jax.tree_util.register_dataclass, data_fields=["first", "second"], meta_fields=["place"])
@dataclass(frozen=True)
class Moments:
    """What a block is made of, and what is averaged: A and S of A ⊗ S, in the order i·o + j.

    Attributes:
        first: A, shape (i, i); of an array that is no layer's kernel its own second moment (p, p),
            or where p is large the diagonal of that, shape (p,).
        second: S, shape (o, o); None of an array that is no layer's kernel.
        place: where its parameters are.
    """

    first: Any
    second: Any
    place: Place


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["values", "vectors", "second_values", "second_vectors"],
    meta_fields=["place"],
)
@dataclass(frozen=True)
class Block:
    """A ⊗ S = (U ⊗ W) diag(λ ⊗ μ) (U ⊗ W)ᵀ.

    Attributes:
        values: λ, shape (i,).
        vectors: U, shape (i, i); None for the identity.
        second_values: μ, shape (o,); None for S = 1.
        second_vectors: W, shape (o, o); None for S = 1.
        place: where its parameters are.
    """

    values: Any
    vectors: Any
    second_values: Any
    second_vectors: Any
    place: Place

    def damped(self, damping: Scalar, factored: bool) -> Float[Array, "i o"]:
        """The eigenvalues of the damped block: see `Kronecker`."""
        if self.second_values is None:
            return self.values[:, None] + damping
        if not factored:
            return self.values[:, None] * self.second_values + damping
        root, pi = jnp.sqrt(damping), balance(self.values, self.second_values)
        return (self.values[:, None] + pi * root) * (self.second_values + root / pi)

    def turned(self, matrix: Float[Array, "i o"]) -> Float[Array, "i o"]:
        """UᵀVW, a matrix V in the coordinates of the eigenvectors."""
        matrix = matrix if self.vectors is None else self.vectors.T @ matrix
        return matrix if self.second_vectors is None else matrix @ self.second_vectors

    def back(self, matrix: Float[Array, "i o"]) -> Float[Array, "i o"]:
        """UVWᵀ."""
        matrix = matrix if self.vectors is None else self.vectors @ matrix
        return matrix if self.second_vectors is None else matrix @ self.second_vectors.T


def balance(first: Float[Array, " i"], second: Float[Array, " o"]) -> Float[Array, ""]:
    """π = √((tr A/i)/(tr S/o)) of two factors' eigenvalues: Martens & Grosse (2015), section 6.3.

    1 where one of the two is zero, as of a layer whose units are all off.
    """
    a, s = first.mean(), second.mean()
    known = (a > 0) & (s > 0)
    return jnp.where(known, jnp.sqrt(jnp.where(known, a, 1) / jnp.where(known, s, 1)), 1.0)


def block(moments: Moments) -> Block:
    """The eigenvectors of A and S; eigenvalues that rounding made negative are zero."""
    if moments.first.ndim == 1:
        return Block(moments.first, None, None, None, moments.place)
    values, vectors = jnp.linalg.eigh(moments.first)
    if moments.second is None:
        return Block(jnp.maximum(values, 0), vectors, None, None, moments.place)
    of_second = jnp.linalg.eigh(moments.second)
    return Block(
        jnp.maximum(values, 0), vectors, jnp.maximum(of_second[0], 0), of_second[1], moments.place
    )


@partial(jax.tree_util.register_dataclass, data_fields=["blocks"], meta_fields=["factored"])
@dataclass(frozen=True)
class Kronecker(Operator):
    """Blocks A ⊗ S, zero between them.

    Attributes:
        blocks: one for each layer, and each array of parameters that is no layer's.
        factored: whether a layer's damped block is (A + π√δ I) ⊗ (S + (√δ/π) I), with `balance`'s
            π, in place of A ⊗ S + δI. It is the larger of the two.
    """

    blocks: tuple[Block, ...]
    factored: bool

    def damped(self, damping: Scalar) -> "DampedKronecker":
        """The damped blocks.

        Raises:
            ValueError: δ is negative.
        """
        return DampedKronecker(self, bounds.non_negative("damping", damping))


@dataclass(frozen=True)
class DampedKronecker(DampedOperator):
    """The damped blocks: diagonal in the coordinates of the eigenvectors, by which all is exact.

    Attributes:
        metric: the blocks.
        damping: δ >= 0.
    """

    metric: Kronecker
    damping: Scalar

    def solve(self, v: Float[Array, " P"]) -> Solution:
        """The inverse times v; iterations are none.

        Raises:
            ValueError: δ is zero.
        """
        # Of a softmax's last layer S is singular, whatever the examples.
        bounds.positive("damping", self.damping)
        return Solution(self._each(lambda one, values, _: one / values, v), 0)

    def noise(self, rng_key: PRNGKeyArray) -> Float[Array, " P"]:
        """A Gaussian vector whose covariance is the damped metric."""

        def draw(one: None, values: Array, number: int) -> Array:
            key = jax.random.fold_in(rng_key, number)
            return jnp.sqrt(values) * jax.random.normal(key, values.shape, values.dtype)

        return self._each(draw)

    def log_determinant(self) -> Float[Array, ""]:
        """The sum of the eigenvalues' logarithms."""
        return sum((jnp.log(self._values(b)).sum() for b in self.metric.blocks), jnp.zeros(()))

    def times(self, v: Float[Array, " P"]) -> Float[Array, " P"]:
        """The damped metric times v."""
        return self._each(lambda one, values, _: one * values, v)

    def _values(self, block: Block) -> Array:
        return block.damped(self.damping, self.metric.factored)

    def _each(self, use: Callable[..., Array], v: Array | None = None) -> Float[Array, " P"]:
        """Something done to each block's part of v in its coordinates."""

        def part(number: int, block: Block) -> tuple[Place, Array]:
            one = None if v is None else block.turned(block.place.take(v))
            return block.place, block.back(use(one, self._values(block), number))

        return assembled(part(number, block) for number, block in enumerate(self.metric.blocks))
