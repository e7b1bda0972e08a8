"""Gradients of large batches, which are summed over pieces."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd import task as tasks


@pytest.mark.parametrize("size", [tasks.LARGE - 1, tasks.LARGE, tasks.LARGE + 1, 1500])
@pytest.mark.parametrize("minibatch", [True, False])
def test_a_gradient_in_pieces_is_the_gradient(toy, x64, size, minibatch):
    base, params = toy("mlp")
    examples = 2000 if minibatch else size
    rng = np.random.default_rng(0)
    x, y = jnp.asarray(rng.normal(size=(examples, 2))), jnp.asarray(rng.integers(0, 3, examples))
    task = tasks.Task(base.logits, x, y, tasks.l2(0.3))
    indices = jnp.asarray(rng.permutation(examples)[:size]) if minibatch else None
    whole = jax.grad(lambda p: tasks.mean_cost(task, p, indices))(params)
    found = tasks.gradient(task, params, indices)
    np.testing.assert_allclose(found, tasks.flatten(whole), rtol=1e-10, atol=1e-14)
