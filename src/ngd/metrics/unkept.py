"""Rows that are not kept: products with them are passes through the network."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int

from ngd.metrics.factor import Factor, Rows
from ngd.metrics.per_example import per_example_factor
from ngd.task import flatten


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["position", "inputs", "slopes"],
    meta_fields=["logits", "at_once"],
)
@dataclass(frozen=True)
class Unkept(Factor):
    """Rows u = Jᵀg: J an example's outputs by ω, g its loss by the outputs.

    Uv is a forward pass with a tangent, Uᵀz a backward pass, each through all examples. Only the
    rows that precondition a solve are made.

    Attributes:
        position: ω.
        inputs: x, shape (m, ...).
        slopes: g, shape (m, K).
        logits: the model, see `ngd.Task`.
        at_once: examples in a piece, so that what lies between the layers fits in the cache.
    """

    position: Any
    inputs: Any
    slopes: Any
    logits: Callable[..., Any]
    at_once: int

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.slopes), sum(leaf.size for leaf in jax.tree.leaves(self.position))

    def written(self) -> Rows:
        return self.take(jnp.arange(len(self.slopes))).written()

    def times(self, v: Float[Array, " P"]) -> Float[Array, " m"]:
        _, unravel = ravel_pytree(self.position)
        tangent = unravel(v)

        def one(example: tuple[Array, Array]) -> Float[Array, ""]:
            return jax.jvp(lambda p: self._loss(p, *example), (self.position,), (tangent,))[1]

        return jax.lax.map(one, (self.inputs, self.slopes), batch_size=self.at_once)

    def transpose_times(self, z: Float[Array, " m"]) -> Float[Array, " P"]:
        m, size = len(self.slopes), self.at_once
        weighted = (self.inputs, z[:, None] * self.slopes)

        def of(examples: tuple[Array, Array]) -> Float[Array, " P"]:
            x, g = examples
            return flatten(jax.grad(lambda p: jnp.sum(self.logits(p, x) * g))(self.position))

        first = (m - 1) % size + 1
        rest = jax.tree.map(lambda a: a[first:].reshape(-1, size, *a.shape[1:]), weighted)
        total = of(jax.tree.map(lambda a: a[:first], weighted))
        return jax.lax.scan(lambda total, these: (total + of(these), None), total, rest)[0]

    def squared_norms(self) -> Float[Array, " m"]:
        def one(example: tuple[Array, Array]) -> Float[Array, ""]:
            return per_example_factor(self._loss, self.position, *example).squared_norms()[0]

        return jax.lax.map(one, (self.inputs, self.slopes), batch_size=self.at_once)

    def gram(self) -> Float[Array, "m m"]:
        return self.take(jnp.arange(len(self.slopes))).gram()

    def take(self, chosen: Int[Array, " k"]) -> Factor:
        """The chosen rows, made: with their layers found as `per_example_factor` finds them."""

        def row(example: tuple[Array, Array]) -> Factor:
            one = per_example_factor(self._loss, self.position, *example)
            return jax.tree.map(lambda a: a[0], one)

        examples = (self.inputs[chosen], self.slopes[chosen])
        return jax.lax.map(row, examples, batch_size=min(self.at_once, len(chosen)))

    def _loss(self, params: Any, x: Array, g: Float[Array, " K"]) -> Float[Array, ""]:
        return self.logits(params, x[None])[0] @ g
