"""Gradients of large batches, which are summed over pieces."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd import task as tasks

VECTORS, IMAGES = (2,), (16, 16, 1)


@pytest.mark.parametrize(
    ("inputs", "size"),
    [
        (VECTORS, 1023),
        (VECTORS, 1024),
        (VECTORS, 1025),
        (VECTORS, 1500),
        (IMAGES, 127),
        (IMAGES, 128),
        (IMAGES, 129),
        (IMAGES, 150),
    ],
)
@pytest.mark.parametrize("minibatch", [True, False])
def test_a_gradient_in_pieces_is_the_gradient(x64, inputs, size, minibatch):
    examples = 2000 if minibatch else size
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(examples, *inputs)))
    y = jnp.asarray(rng.integers(0, 3, examples))
    params = jnp.asarray(rng.normal(size=(x[0].size, 3)))
    task = tasks.Task(lambda w, x: jnp.tanh(x.reshape(len(x), -1)) @ w, x, y, tasks.l2(0.3))
    indices = jnp.asarray(rng.permutation(examples)[:size]) if minibatch else None
    whole = jax.grad(lambda p: tasks.mean_cost(task, p, indices))(params)
    found = tasks.slope(task, params, indices)
    np.testing.assert_allclose(found.gradient, tasks.flatten(whole), rtol=1e-10, atol=1e-14)
    cost = tasks.mean_cost(task, params, indices)
    np.testing.assert_allclose(found.mean_cost, cost, rtol=1e-12)


@pytest.mark.parametrize(("inputs", "size"), [(VECTORS, 1024), (IMAGES, 128)])
def test_a_large_gradient_holds_a_piece_of_activations_alone(inputs, size):
    """The network is run on a piece and never on all examples."""
    run = []

    def logits(w, x):
        run.append(len(x))
        return x.reshape(len(x), -1) @ w

    x = jnp.zeros((size, *inputs))
    task = tasks.Task(logits, x, jnp.zeros(size, int))
    tasks.slope(task, jnp.zeros((x[0].size, 3)))
    assert max(run) == tasks.piece(x).size < size


def test_an_accelerator_takes_a_gradient_at_once(accelerator):
    assert tasks.piece(jnp.zeros((2, 300))).large > 10**9
    assert tasks.piece(jnp.zeros((2, 3))).size > 10**9
