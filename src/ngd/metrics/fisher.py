"""The Fisher information, eqs (7) and (10), and its one-label estimate of section 6.3."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ngd import bounds, data, minibatch
from ngd.data import Inputs
from ngd.likelihood import categorical
from ngd.metrics.factor import Factor, Rows, Written
from ngd.metrics.layouts import fixed
from ngd.metrics.metric import Metric, memoryless
from ngd.metrics.per_example import per_example_factor
from ngd.metrics.unkept import Unkept
from ngd.task import Params, Task

KEPT = 4 * 2**30
"""So many bytes of rows are kept; of more each product makes them anew."""
WRITTEN = 2**24
"""So many bytes of rows of the exact Fisher are written out; of more their layers are found."""


def exact_rows(task: Task, params: Params) -> Rows:
    r"""Rows of the exact Fisher, eq. (7): the expectation over the model's own labels.

    With z the K-1 log odds against label 0, Σ = diag(p) - ppᵀ their Fisher (p without
    label 0) and J = dz/dω, eq. (7) is the mean of JᵀΣJ. Σ = LLᵀ in closed form with
    L = diag(√p) - p√pᵀ/(1 + √p_0), so that K-1 rows an example suffice, not K. Of another
    likelihood they are R J, of its own root R.

    Returns:
        U of shape (N r, P) with F = UᵀU, r = K-1 of the categorical likelihood.
    """
    if task.likelihood is not categorical:
        return _rows(task, params)

    def log_odds(p: Params, x_i: Inputs) -> Float[Array, " k"]:
        logits = task.logits(p, data.batch_of_one(x_i))[0]
        return logits[1:] - logits[0]

    factor = _root_of_log_odds(task.logits(params, task.x))
    jacobians = jax.vmap(jax.jacrev(log_odds), (None, 0))(params, task.x)
    flat = [leaf.reshape(*leaf.shape[:2], -1) for leaf in jax.tree.leaves(jacobians)]
    rows = jnp.einsum("ikl,ikp->ilp", factor, jnp.concatenate(flat, axis=2))
    return rows.reshape(-1, rows.shape[2]) / jnp.sqrt(task.examples)


def _rows(task: Task, params: Params) -> Rows:
    """R J of each example, J the Jacobian of its outputs and RᵀR their Fisher information."""

    def outputs(p: Params, x_i: Inputs) -> Float[Array, " K"]:
        return task.logits(p, data.batch_of_one(x_i))[0]

    roots = jax.vmap(task.likelihood.root)(task.logits(params, task.x))
    jacobians = jax.vmap(jax.jacrev(outputs), (None, 0))(params, task.x)
    flat = [leaf.reshape(*leaf.shape[:2], -1) for leaf in jax.tree.leaves(jacobians)]
    rows = jnp.einsum("irk,ikp->irp", roots, jnp.concatenate(flat, axis=2))
    return rows.reshape(-1, rows.shape[2]) / jnp.sqrt(task.examples)


def _root_of_log_odds(logits: Float[Array, "N K"]) -> Float[Array, "N k k"]:
    """L of Σ = LLᵀ."""
    # Not √p, whose slope is infinite where p underflows.
    roots = jnp.exp(jax.nn.log_softmax(logits) / 2)
    root_p = roots[:, 1:]
    p = root_p**2
    return jax.vmap(jnp.diag)(root_p) - (
        p[:, :, None] * root_p[:, None, :] / (1 + roots[:, :1, None])
    )


def _slopes(task: Task, params: Params) -> Float[Array, "N r K"]:
    """By the outputs, what `exact_rows` are by ω."""
    logits = task.logits(params, task.x)
    if task.likelihood is not categorical:
        return jax.vmap(task.likelihood.root)(logits)
    root = _root_of_log_odds(logits).transpose(0, 2, 1)
    return jnp.concatenate([-root.sum(axis=2, keepdims=True), root], axis=2)


def exact_fisher(task: Task) -> Metric:
    """F_x(ω) of eq. (7) over the whole training set.

    It has N r rows, r being the outputs' number (less one where they are classes). Up to `WRITTEN`
    bytes of them are written out, N r P numbers. Of more the layers are found as `sampled_fisher`
    finds them, with a row for each output of each example; of more than `KEPT` bytes even so, each
    product with U is a pass through the network for every row. An update costs K times that of
    `empirical_fisher`: for networks take `sampled_fisher`.

    Raises:
        ValueError: the training set stays on the host.
    """
    data.whole("exact_fisher", task.x)

    def factor(rng_key: PRNGKeyArray, position: Params) -> Factor:
        shape = jax.eval_shape(partial(exact_rows, task), position)
        if shape.size * shape.dtype.itemsize <= WRITTEN:
            return Written(exact_rows(task, position))
        slopes = _slopes(task, position) * task.examples**-0.5
        rows = Unkept(position, task.x, slopes, task.logits, data.piece(task.x).size)
        return rows.made() if _bytes(jax.eval_shape(rows.made)) <= KEPT else rows

    return memoryless(task, factor)


def _bytes(arrays: Any) -> int:
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(arrays))


def logistic_fisher(task: Task) -> Metric:
    """`exact_fisher` of logistic regression, for many chains on one training set.

    Its rows x_i stay as they are and only their weights √(p_i q_i / N) change. So the products
    x_i x_iᵀ are made once, and the Fishers of all the chains under one `vmap`, as those of
    several temperatures, are one product of two large matrices.

    Args:
        task: with inputs x of shape (N, P) and logits (0, ω·x), as of `ngd.models.Logistic`.

    Raises:
        ValueError: x is not a matrix, or stays on the host.
    """
    if task.likelihood is not categorical:
        raise ValueError(
            f"logistic_fisher is of the categorical likelihood, got {task.likelihood.name}; "
            "take exact_fisher"
        )
    x = data.whole("logistic_fisher", task.x)
    if not isinstance(x, jax.Array) or x.ndim != 2:
        shape = getattr(x, "shape", type(x).__name__)
        raise ValueError(f"logistic regression's x must have shape (N, P), got {shape}")
    rows = fixed(task.x)

    def factor(rng_key: PRNGKeyArray, position: Params) -> Factor:
        log_p = jax.nn.log_softmax(task.logits(position, task.x))
        return rows.scale(jnp.exp(log_p.sum(axis=1) / 2) / jnp.sqrt(task.examples))

    return memoryless(task, factor)


def _of_labels(
    task: Task,
    position: Params,
    x: Inputs,
    given: Any,
    label: Callable[[Array, Any], Any],
    sharding: jax.sharding.Sharding | None = None,
) -> Factor:
    """Rows of -∇ln p(Y | x_i, ω)/√m, Y = `label(logits, given_i)` taken for a constant."""
    m = data.length(x)
    at_once = min(data.piece(task.x).size, m)

    def loss(params: Params, x: Inputs, given: Any) -> Float[Array, ""]:
        logits = task.logits(params, data.batch_of_one(x))
        y = jax.lax.stop_gradient(label(logits, given))
        return task.likelihood.losses(logits, y).sum()

    def row(example: tuple[Inputs, Any]) -> Factor:
        one = per_example_factor(loss, position, *example)
        return jax.tree.map(lambda a: a[0], one)

    def slope(example: tuple[Inputs, Any]) -> Float[Array, " K"]:
        logits = task.logits(position, data.batch_of_one(example[0]))
        y = label(logits, example[1])
        return jax.grad(lambda z: task.likelihood.losses(z, y).sum())(logits)[0]

    examples = (x, given)
    one = jax.eval_shape(row, jax.tree.map(lambda a: a[0], examples))
    factor: Factor
    if sharding is not None:
        factor = jax.vmap(row)(jax.lax.with_sharding_constraint(examples, sharding))
    elif m * _bytes(one) <= KEPT:
        factor = jax.lax.map(row, examples, batch_size=at_once)
    else:
        slopes = jax.lax.map(slope, examples, batch_size=at_once)[:, None]
        factor = Unkept(position, x, slopes, task.logits, at_once)
    return factor.scale(jnp.full(m, m**-0.5, one.dtype))


def sampled_fisher(
    task: Task,
    batch_size: int,
    sharding: jax.sharding.Sharding | None = None,
) -> Metric:
    """F_x(ω) from one label Y ~ f_ω(x_i) an example, on a minibatch of its own.

    Sections 6.3 and 6.4. Unbiased for eq. (7). Rows that would take more than `KEPT` bytes are not
    kept: each product with U is a pass through the network then.

    Args:
        task: the model and its training set.
        batch_size: how many examples, drawn without replacement.
        sharding: over which devices the minibatch's examples are spread; U's rows then
            stay where they were made, and a solve exchanges vectors of length P. All on
            one device when None.

    Raises:
        ValueError: `batch_size` is not in 1..N.
    """
    batch_size = int(bounds.batch_size("fisher batch_size", batch_size, task.examples))

    def factor(rng_key: PRNGKeyArray, position: Params) -> Factor:
        key_batch, key_label = jax.random.split(rng_key)
        x = data.take(task.x, minibatch.draw(key_batch, task.examples, batch_size))
        keys = jax.random.split(key_label, batch_size)
        draw = lambda logits, key: task.likelihood.draw(key, logits)  # noqa: E731
        return _of_labels(task, position, x, keys, draw, sharding)

    return memoryless(task, factor, pure=False)


def empirical_fisher(task: Task) -> Metric:
    """F_{x,y}(ω) of eq. (10): the labels of the training set, not of the model.

    Its rows are kept, or not, as those of `sampled_fisher`.

    Raises:
        ValueError: the training set stays on the host.
    """
    data.whole("empirical_fisher", task.x)
    return memoryless(
        task,
        lambda rng_key, position: _of_labels(
            task, position, task.x, task.y, lambda logits, y: y[None]
        ),
    )
