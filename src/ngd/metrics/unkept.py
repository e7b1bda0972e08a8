"""Rows that are not kept: products with them are passes through the network."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ngd import data
from ngd.data import Inputs
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

    Uv makes each example's row anew, Uᵀz is a backward pass of all. Only the rows that precondition
    a solve are kept.

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
        return self._each(lambda row: row.times(v)[0])

    def transpose_times(self, z: Float[Array, " m"]) -> Float[Array, " P"]:
        def of(examples: tuple[Inputs, Array]) -> Float[Array, " P"]:
            x, g = examples
            return flatten(jax.grad(lambda p: jnp.sum(self.logits(p, x) * g))(self.position))

        return data.in_pieces(of, (self.inputs, z[:, None] * self.slopes), self.at_once)

    def squared_norms(self) -> Float[Array, " m"]:
        return self._each(lambda row: row.squared_norms()[0])

    def gram(self) -> Float[Array, "m m"]:
        return self.take(jnp.arange(len(self.slopes))).gram()

    def take(self, chosen: Int[Array, " k"]) -> Factor:
        """The chosen rows, made: with their layers found as `per_example_factor` finds them."""
        fewer = replace(self, inputs=data.take(self.inputs, chosen), slopes=self.slopes[chosen])
        return fewer._each(lambda row: jax.tree.map(lambda a: a[0], row))

    def _each(self, use: Callable[[Factor], Any]) -> Any:
        """What is made of each row, one piece of examples after the other."""

        def loss(params: Any, x: Inputs, g: Float[Array, " K"]) -> Float[Array, ""]:
            return self.logits(params, data.batch_of_one(x))[0] @ g

        return jax.lax.map(
            lambda example: use(per_example_factor(loss, self.position, *example)),
            (self.inputs, self.slopes),
            batch_size=min(self.at_once, len(self.slopes)),
        )
