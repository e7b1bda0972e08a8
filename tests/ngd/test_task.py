"""Gradients of large batches, which are summed over pieces; priors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ngd
from ngd import data
from ngd import task as tasks
from ngd.task import mean_cost

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
    assert max(run) == data.piece(x).size < size


def test_an_accelerator_takes_a_gradient_at_once(accelerator):
    assert data.piece(jnp.zeros((2, 300))).large > 10**9
    assert data.piece(jnp.zeros((2, 3))).size > 10**9


def test_a_prior_is_its_share_of_the_mean_cost(x64):
    """Whatever the number of examples: C is the sum of the losses less ln p(ω)."""
    x, y = jnp.linspace(-1, 1, 12).reshape(6, 2), jnp.arange(6) % 2
    logits = lambda p, x: jnp.stack([jnp.zeros(len(x)), x @ p], axis=1)  # noqa: E731
    w = jnp.array([0.7, -1.2])
    task = ngd.Task(logits, x, y, prior=ngd.gaussian_prior(0.5))
    for these in (task, task._replace(x=x[:3], y=y[:3])):
        n = these.examples
        bare = ngd.Task(logits, these.x, these.y)
        expected = ngd.log_density(bare, w) - (0.7**2 + 1.2**2) / (2 * 0.5**2)
        assert ngd.log_density(these, w) == pytest.approx(float(expected), rel=1e-12)
        by_l2 = ngd.Task(logits, these.x, these.y, ngd.l2(1 / (0.5**2 * n)))
        assert mean_cost(these, w) == pytest.approx(float(mean_cost(by_l2, w)), rel=1e-12)
    own = ngd.Task(logits, x, y, prior=lambda p: -jnp.abs(p).sum())
    assert own.regulariser(w) == pytest.approx(1.9 / 6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"prior": 3.0}, "prior must be a function"),
        ({"prior": ngd.gaussian_prior(1.0), "regulariser": ngd.l2(1.0)}, "give one of them"),
    ],
)
def test_a_prior_that_is_none_or_one_too_many_is_refused(unchecked, given, message):
    with pytest.raises(ValueError, match=message):
        ngd.Task(lambda p, x: x, jnp.zeros((4, 2)), jnp.zeros(4, int), **given)
    with pytest.raises(ValueError, match="sd must be > 0"):
        ngd.gaussian_prior(0.0)
