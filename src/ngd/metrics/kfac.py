"""K-FAC, the Fisher information of layers as Kronecker products."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ngd import bounds, data, minibatch
from ngd.data import Inputs
from ngd.metrics.kronecker import Kronecker, Moments, block
from ngd.metrics.layers import Layer, per_example_layers
from ngd.metrics.metric import Metric
from ngd.task import Params, Task

EXACT = 512
"""An array of up to so many numbers that is no layer's kernel has an exact block of its own."""


class Memory(NamedTuple):
    """The averages, and of how many estimates they are."""

    moments: tuple[Moments, ...]
    seen: Int[Array, ""]


def kfac(task: Task, batch_size: int, smoothing: float = 0.0, factored: bool = False) -> Metric:
    r"""K-FAC: a block A ⊗ S for each layer, from one label Y ~ f_ω(x_i) an example.

    Martens & Grosse (2015), block diagonal. The gradient of an example by a dense layer's kernel is
    a δᵀ, a the layer's input and δ the loss's gradient by its output. A = E aaᵀ and S = E δδᵀ stand
    for E (a δᵀ)⊗(a δᵀ): right where a and δ are independent, or there is one example. A bias is the
    weight of one more input that is 1 (their homogeneous coordinate). Of a layer at T positions, as
    a convolution, A = E Σ_t a_t a_tᵀ and S = (1/T) E Σ_t δ_t δ_tᵀ: Grosse & Martens (2016), right
    where moreover δ at two positions are uncorrelated.

    Layers are found in the gradient's program (`ngd.metrics.layers`), convolutions of `nn.Conv` and
    of `ngd.models` among them. Any other array of up to `EXACT` numbers has the exact block E uuᵀ
    of its own gradient u, a larger one the diagonal of that.

    The damped metric is A ⊗ S + δI, by the eigenvectors of A and S, as eq. (16) asks. Nothing here
    rescales the step or adapts δ, as the source's optimiser does: in a sampler the preconditioner
    must not depend on the minibatch that it multiplies. What is sampled is not the posterior at
    T = 1 unless K-FAC is the Fisher information: `ngd.diagnostics` tells by how much.

    Args:
        task: the model and its training set.
        batch_size: how many examples, drawn without replacement, apart from a sampler's minibatch.
        smoothing: α in [0, 1); A and S are averaged over updates with the weight min(1 - 1/k, α) of
            the old at the k-th. 0 for none; the source has 0.95.
        factored: whether damping is shared by the factors (section 6.3 of the source): (A + π√δ I)
            ⊗ (S + (√δ/π) I) with π² = (tr A/i)/(tr S/o), in place of A ⊗ S + δI. The blocks of
            other arrays have δI.

    Raises:
        ValueError: `batch_size` is not in 1..N, or α is not in [0, 1).
    """
    batch_size = int(bounds.batch_size("kfac batch_size", batch_size, task.examples))
    smoothing = bounds.fraction("smoothing", smoothing)

    def moments(rng_key: PRNGKeyArray, position: Params) -> tuple[Moments, ...]:
        return sampled_moments(task, batch_size, second_moments, rng_key, position)

    return averaged(
        task,
        moments,
        lambda found: Kronecker(tuple(block(one) for one in found), factored),
        smoothing,
    )


def second_moments(layer: Layer) -> Moments:
    """Sums over examples, which are along the layer's first axis."""
    a, delta = (_stacked(side) for side in (layer.inputs, layer.deltas))
    if delta is None:
        small = a.shape[1] <= EXACT
        return Moments(a.T @ a if small else jnp.sum(a**2, axis=0), None, layer.place)
    positions = layer.deltas.shape[1]
    return Moments(a.T @ a, delta.T @ delta / positions, layer.place)


def _stacked(side: Any) -> Any:
    return None if side is None else side.reshape(-1, side.shape[-1])


def sampled_moments(
    task: Task,
    batch_size: int,
    of: Callable[[Layer], Any],
    rng_key: PRNGKeyArray,
    position: Params,
) -> tuple[Any, ...]:
    """Means over a minibatch of its own, with one label Y ~ f_ω(x_i) an example.

    The draws are those of `sampled_fisher`.

    Args:
        task: the model and its training set.
        batch_size: how many examples.
        of: gives a pytree of sums from some examples' layers, stacked along a first axis.
        rng_key: of the minibatch and the labels.
        position: ω.
    """
    key_batch, key_label = jax.random.split(rng_key)
    x = data.take(task.x, minibatch.draw(key_batch, task.examples, batch_size))
    keys = jax.random.split(key_label, batch_size)

    def loss(params: Params, x: Inputs, key: PRNGKeyArray) -> Float[Array, ""]:
        logits = task.logits(params, data.batch_of_one(x))
        y = jax.lax.stop_gradient(task.likelihood.draw(key, logits))
        # Of one example, not of the minibatch's mean, by which S would be B² too small.
        return task.likelihood.losses(logits, y).sum()

    def of_sum(examples: tuple[Inputs, Array]) -> tuple[Any, ...]:
        layers = jax.vmap(lambda x, key: per_example_layers(loss, position, x, key))(*examples)
        return tuple(of(layer) for layer in layers)

    sums = data.in_pieces(of_sum, (x, keys), min(data.piece(task.x).size, batch_size))
    return jax.tree.map(lambda total: total / batch_size, sums)


def averaged(
    task: Task,
    moments: Callable[[PRNGKeyArray, Params], tuple[Any, ...]],
    operator: Callable[[tuple[Any, ...]], Any],
    smoothing: float,
) -> Metric:
    """A metric of the running means of some moments; without smoothing it has no memory."""

    def init(position: Params) -> Any:
        if smoothing == 0:
            return ()
        like = jax.eval_shape(moments, jax.random.key(0), position)
        zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), like)
        return Memory(zeros, jnp.zeros((), int))

    def estimate(rng_key: PRNGKeyArray, position: Params, memory: Any) -> tuple[Any, Any]:
        newest = moments(rng_key, position)
        if smoothing == 0:
            return operator(newest), memory
        seen = memory.seen + 1
        old = jnp.minimum(1 - 1 / seen, smoothing)
        mean = jax.tree.map(
            lambda held, new: held + (1 - old).astype(new.dtype) * (new - held),
            memory.moments,
            newest,
        )
        return operator(mean), Memory(mean, seen)

    return Metric(task, init, estimate, pure=False)
