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
    """Rows u = Jᵀg: J an example's outputs by ω, g one of r slopes of its own.

    Uv makes each row anew, Uᵀz is a backward pass of all. Only the rows that precondition a solve
    are kept.

    Attributes:
        position: ω.
        inputs: x, of n examples.
        slopes: g, shape (n, r, K). The rows are those of the first example, then of the second.
        logits: the model, see `ngd.Task`.
        at_once: rows in a piece, so that what lies between the layers fits in the cache.
    """

    position: Any
    inputs: Any
    slopes: Any
    logits: Callable[..., Any]
    at_once: int

    @property
    def shape(self) -> tuple[int, int]:
        n, each, _ = self.slopes.shape
        return n * each, sum(leaf.size for leaf in jax.tree.leaves(self.position))

    def made(self) -> Factor:
        """All rows, with their layers found as `per_example_factor` finds them."""
        return self._each(lambda row: jax.tree.map(lambda a: a[0], row))

    def written(self) -> Rows:
        return self.made().written()

    def times(self, v: Float[Array, " P"]) -> Float[Array, " m"]:
        return self._each(lambda row: row.times(v)[0])

    def transpose_times(self, z: Float[Array, " m"]) -> Float[Array, " P"]:
        def of(examples: tuple[Inputs, Array]) -> Float[Array, " P"]:
            x, g = examples
            return flatten(jax.grad(lambda p: jnp.sum(self.logits(p, x) * g))(self.position))

        g = jnp.einsum("nr,nrk->nk", z.reshape(self.slopes.shape[:2]), self.slopes)
        return data.in_pieces(of, (self.inputs, g), self.at_once)

    def squared_norms(self) -> Float[Array, " m"]:
        return self._each(lambda row: row.squared_norms()[0])

    def gram(self) -> Float[Array, "m m"]:
        return self.made().gram()

    def take(self, chosen: Int[Array, " k"]) -> Factor:
        """The chosen rows, made."""
        example, which = jnp.divmod(chosen, self.slopes.shape[1])
        slopes = self.slopes[example, which][:, None]
        return replace(self, inputs=data.take(self.inputs, example), slopes=slopes).made()

    def _each(self, use: Callable[[Factor], Any]) -> Any:
        """What is made of each row, one piece of examples after the other."""
        n, each, _ = self.slopes.shape

        def loss(params: Any, x: Inputs, g: Float[Array, " K"]) -> Float[Array, ""]:
            return self.logits(params, data.batch_of_one(x))[0] @ g

        def rows(example: tuple[Inputs, Float[Array, "r K"]]) -> Any:
            x, slopes = example
            return jax.vmap(lambda g: use(per_example_factor(loss, self.position, x, g)))(slopes)

        at_once = min(max(1, self.at_once // each), n)
        made = jax.lax.map(rows, (self.inputs, self.slopes), batch_size=at_once)
        return jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), made)
