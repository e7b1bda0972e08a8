"""Ensemble predictions, eq. (6): streamed, one sample at a time; and those of any likelihood."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ngd.likelihood import categorical, class_labels
from ngd.task import Params, Task

AT_ONCE = 32
"""Draws whose outputs are made together."""


class Ensemble(NamedTuple):
    """The running sums of eq. (6), and of the samples' own scores.

    Attributes:
        log_sum: ln Σ_i P(y|x, ω_i), shape (n, K). A sum of probabilities would underflow:
            a confident sample's P is below the smallest float32 past 103 nats.
        samples: M so far, or the sum of their weights.
        cross_entropy: sum over samples of a single sample's cross entropy.
        accuracy: sum over samples of a single sample's accuracy.
    """

    log_sum: Float[Array, "n K"]
    samples: Float[Array, ""]
    cross_entropy: Float[Array, ""]
    accuracy: Float[Array, ""]


class Scores(NamedTuple):
    """Test scores: cross entropy in nats per example, accuracy as a fraction."""

    ensemble_cross_entropy: Float[Array, ""]
    ensemble_accuracy: Float[Array, ""]
    single_cross_entropy: Float[Array, ""]
    single_accuracy: Float[Array, ""]


def start(examples: int, labels: int) -> Ensemble:
    """An ensemble of no sample, for `examples` test inputs and `labels` classes.

    Its sums are in single precision or better, whatever the precision of the logits.
    """
    zero = jnp.zeros(())
    return Ensemble(jnp.full((examples, labels), -jnp.inf, dtype=float), zero, zero, zero)


def add(
    ensemble: Ensemble,
    logits: Float[Array, "n K"],
    y: Int[Array, " n"] | None = None,
    weight: Float[Array, ""] | None = None,
) -> Ensemble:
    """One more sample, by its logits on the test inputs and their true labels.

    Without labels there are predictions but no scores: those of single samples become NaN.

    Args:
        ensemble: of the samples so far.
        logits: the sample's.
        y: the true labels.
        weight: > 0, of the sample beside the others; 1 when None.
    """
    # In half precision the sums would stand still after a few hundred samples.
    logits = logits.astype(jnp.promote_types(logits.dtype, jnp.float32))
    log_p = jax.nn.log_softmax(logits)
    cost = right = jnp.full((), jnp.nan)
    if y is not None:
        cost, right = categorical.losses(logits, y).mean(), accuracy(logits, y)
    one: Any = 1
    if weight is not None:
        one = weight.astype(ensemble.samples.dtype)
        log_p, cost, right = log_p + jnp.log(one), one * cost, one * right
    return Ensemble(
        jnp.logaddexp(ensemble.log_sum, log_p),
        ensemble.samples + one,
        ensemble.cross_entropy + cost,
        ensemble.accuracy + right,
    )


def pool(ensembles: Ensemble) -> Ensemble:
    """One ensemble of several, which lie along a first axis: those of chains."""
    return Ensemble(
        jax.nn.logsumexp(ensembles.log_sum, axis=0),
        ensembles.samples.sum(axis=0),
        ensembles.cross_entropy.sum(axis=0),
        ensembles.accuracy.sum(axis=0),
    )


def log_probabilities(ensemble: Ensemble) -> Float[Array, "n K"]:
    """Ln of eq. (6): the ensemble's mean prediction. NaN for an ensemble of no sample."""
    return ensemble.log_sum - jnp.log(ensemble.samples)


def accuracy(logits: Float[Array, "n K"], y: Int[Array, " n"]) -> Float[Array, ""]:
    """The fraction of examples whose likeliest label is the true one."""
    return jnp.mean(jnp.argmax(logits, axis=1) == y)


def scores(ensemble: Ensemble, y: Int[Array, " n"]) -> Scores:
    """The ensemble's test scores beside the mean scores of its single samples.

    Raises:
        ValueError: y are no labels, one for each test input, or one is K or above.
    """
    y = class_labels(y)
    n, k = ensemble.log_sum.shape
    if len(y) != n:
        raise ValueError(f"y must have a label for each of {n} test inputs, got {len(y)}")
    if not isinstance(y, jax.core.Tracer) and int(y.max()) >= k:
        raise ValueError(f"y must be labels 0..{k - 1}, got {int(y.max())}")
    log_p = log_probabilities(ensemble)
    return Scores(
        ensemble_cross_entropy=-jnp.take_along_axis(log_p, y[:, None], axis=1).mean(),
        ensemble_accuracy=accuracy(log_p, y),
        single_cross_entropy=ensemble.cross_entropy / ensemble.samples,
        single_accuracy=ensemble.accuracy / ensemble.samples,
    )


def outputs(task: Task, draws: Params, x: Any) -> Float[Array, "c d n K"]:
    """A model's outputs at the inputs x, for every draw.

    Args:
        task: the model.
        draws: parameters with two more axes, (chain, draw): `Samples.draws`.
        x: inputs, shape (n, ...).
    """
    chains, kept = jax.tree.leaves(draws)[0].shape[:2]
    flat = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), draws)
    x = jnp.asarray(x)
    found = jax.lax.map(lambda params: task.logits(params, x), flat, batch_size=AT_ONCE)
    return found.reshape(chains, kept, *found.shape[1:])


def labels(rng_key: PRNGKeyArray, task: Task, draws: Params, x: Any) -> Array:
    """Draws from the posterior predictive distribution at x: a label Y for every draw and input.

    Args:
        rng_key: of the labels.
        task: the model and its likelihood.
        draws: as of `outputs`.
        x: inputs, shape (n, ...).

    Returns:
        Shape (chain, draw, n, ...), of the kind that the likelihood's labels are.
    """
    of_all = outputs(task, draws, x)
    flat = of_all.reshape(-1, of_all.shape[-1])
    y = task.likelihood.draw(rng_key, flat)
    return y.reshape(*of_all.shape[:3], *y.shape[1:])


def log_density(
    task: Task, draws: Params, x: Any, y: Any, weights: Any = None
) -> Float[Array, " n"]:
    """Ln of the draws' mean p(y_i | x_i, ω), in nats: eq. (6) for labels of any kind.

    Its mean over held-out examples is the expected log predictive density; of classes it is minus
    the ensemble's cross entropy.

    Args:
        task: the model and its likelihood.
        draws: as of `outputs`.
        x: inputs, shape (n, ...).
        y: their labels, as the task's.
        weights: of the draws, shape (chain, draw): `Samples.statistics["weight"]`; equal when None.

    Raises:
        ValueError: y are no labels of the likelihood, or not one for each input, or the weights
            are not one for each draw.
    """
    y = task.likelihood.labels(y, "y")
    if len(y) != len(x):
        raise ValueError(f"y must have a label for each of {len(x)} inputs, got {len(y)}")
    of_all = outputs(task, draws, x)
    shape = of_all.shape[:2]
    of_all = of_all.reshape(-1, *of_all.shape[2:])
    log_p = -jax.lax.map(lambda f: task.likelihood.losses(f, y), of_all, batch_size=AT_ONCE)
    if weights is not None:
        weights = jnp.asarray(weights)
        if weights.shape != shape:
            raise ValueError(f"weights must have the draws' shape {shape}, got {weights.shape}")
        log_p = log_p + jnp.log(weights / weights.mean()).reshape(-1, 1)
    return jax.nn.logsumexp(log_p, axis=0) - jnp.log(len(log_p))
