"""The cost function of section 4: cross entropy of a categorical label plus a regulariser."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int

Params = Any
"""A pytree of arrays: the parameters ω of any model."""


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


def piece(x: Array) -> Piece:
    """By the size of an input of x, which is a training set: of images few fit."""
    return Piece(32, 128) if x[0].size >= IMAGE else Piece(128, 1024)


class Task(NamedTuple):
    """A model and its training set, which together fix the cost C of section 4.

    Attributes:
        logits: `logits(params, x)` with x of shape (n, ...) gives unnormalised log
            probabilities of shape (n, K), K >= 2.
        x: training inputs, shape (N, ...).
        y: training labels in 0..K-1, shape (N,).
        regulariser: λR(ω)/N, a scalar function of the parameters in nats per example,
            added to the MEAN cost C/N. The paper's cost is a sum; ours is its mean.
    """

    logits: Callable[[Params, Array], Any]
    x: Array
    y: Int[Array, " N"]
    regulariser: Callable[[Params], Float[Array, ""]] = lambda params: jnp.zeros(())

    @property
    def examples(self) -> int:
        """N, the training set's size."""
        return int(self.y.shape[0])


def l2(coefficient: float) -> Callable[[Params], Float[Array, ""]]:
    """The regulariser λ|ω|²/2 of sections 6.3 and 6.4, λ = `coefficient` in the mean cost."""

    def regulariser(params: Params) -> Float[Array, ""]:
        return 0.5 * coefficient * jnp.sum(flatten(params) ** 2)

    return regulariser


def flatten(params: Params) -> Float[Array, " P"]:
    """The parameters as one vector ω of length P, in the order of `ravel_pytree`."""
    return ravel_pytree(params)[0]


def losses(logits: Float[Array, "n K"], y: Int[Array, " n"]) -> Float[Array, " n"]:
    """L(ω, x_i, y_i) = -ln P(y_i | x_i, ω) of section 4, in nats."""
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1)[:, 0]


def mean_cost(
    task: Task, params: Params, indices: Int[Array, " B"] | None = None
) -> Float[Array, ""]:
    """C(ω)/N of section 4, in nats per example.

    Args:
        task: the model and its training set.
        params: ω.
        indices: the examples of a minibatch; all N when None. The regulariser is always whole.
    """
    x, y = (task.x, task.y) if indices is None else (task.x[indices], task.y[indices])
    return jnp.mean(losses(task.logits(params, x), y)) + task.regulariser(params)


def gradient(
    task: Task, params: Params, indices: Int[Array, " B"] | None = None
) -> Float[Array, " P"]:
    """(1/N) dC/dω, or with `indices` its minibatch estimate (1/N) dC/dω + β, eqs (11), (12)."""
    size = task.examples if indices is None else len(indices)
    at_once, large = piece(task.x)
    if size < large:
        return flatten(jax.grad(lambda p: mean_cost(task, p, indices))(params))
    indices = jnp.arange(size) if indices is None else indices

    def of_sum(chosen: Int[Array, " b"]) -> Params:
        x, y = task.x[chosen], task.y[chosen]
        return jax.grad(lambda p: jnp.sum(losses(task.logits(p, x), y)))(params)

    def add(total: Params, chosen: Int[Array, " b"]) -> tuple[Params, None]:
        return jax.tree.map(jnp.add, total, of_sum(chosen)), None

    first = (size - 1) % at_once + 1
    total, _ = jax.lax.scan(add, of_sum(indices[:first]), indices[first:].reshape(-1, at_once))
    return flatten(total) / size + flatten(jax.grad(task.regulariser)(params))


def weighted_gradient(
    task: Task, params: Params, weights: Float[Array, " N"]
) -> Float[Array, " P"]:
    """`gradient` of a minibatch given by a weight an example, 1/B or 0: `minibatch.weights`."""

    def cost(p: Params) -> Float[Array, ""]:
        return weights @ losses(task.logits(p, task.x), task.y) + task.regulariser(p)

    return flatten(jax.grad(cost)(params))


def per_example_gradients(
    task: Task, params: Params, x: Array, y: Int[Array, " m"]
) -> Float[Array, "m P"]:
    """dL(ω, x_i, y_i)/dω of each example, a row each, without the regulariser."""

    def loss(p: Params, x_i: Array, y_i: Array) -> Float[Array, ""]:
        return losses(task.logits(p, x_i[None]), y_i[None])[0]

    rows = jax.vmap(jax.grad(loss), (None, 0, 0))(params, x, y)
    leaves = [leaf.reshape(leaf.shape[0], -1) for leaf in jax.tree.leaves(rows)]
    return jnp.concatenate(leaves, axis=1)
