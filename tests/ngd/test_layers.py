"""Per-example gradients layer by layer against those of `jax.grad`, one example at a time."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd.layers import layer_gradients
from ngd.metrics import moving_average, sampled_fisher
from ngd.metrics.factor import Outer, rows_of, shape
from ngd.models import CNN, MLP
from ngd.task import Task, flatten

MODELS = [(MLP(hidden=5, labels=3), (4,)), (CNN(channels=3, labels=4), (11, 11, 2))]


def problem(model, inputs, examples=7):
    x = jax.random.normal(jax.random.key(1), (examples, *inputs))
    y = jnp.arange(examples) % model.labels
    # Flax starts in single precision whatever the inputs are.
    params = jax.tree.map(lambda leaf: leaf.astype(x.dtype), model.init(jax.random.key(2), x))
    return Task(model.apply, x, y), params


@pytest.mark.parametrize(("model", "inputs"), MODELS)
def test_gradients_by_layers_are_those_of_each_example(x64, model, inputs):
    task, params = problem(model, inputs)

    def loss(p, i):
        return -jax.nn.log_softmax(model.apply(p, task.x[i][None])[0])[task.y[i]]

    gradient = jax.jit(lambda i: flatten(jax.grad(loss)(params, i)))
    expected = [gradient(i) for i in range(7)]
    by_layers = layer_gradients(model)
    factor = jax.jit(lambda p: by_layers(task, p, task.x, lambda logits: task.y))(params)
    assert shape(factor) == (7, flatten(params).size)
    np.testing.assert_allclose(rows_of(factor), expected, rtol=1e-9, atol=1e-12)


def test_a_layer_with_one_position_is_not_written_out():
    model, inputs = MODELS[1]
    task, params = problem(model, inputs)
    factor = jax.eval_shape(
        lambda p: layer_gradients(model)(task, p, task.x, lambda logits: task.y), params
    )
    assert [isinstance(block, Outer) for block in factor.layers] == [False, False, False, True]


@pytest.mark.parametrize(("model", "inputs"), MODELS)
@pytest.mark.parametrize("alpha", [None, 0.4])
def test_sampled_fisher_by_layers_is_that_by_examples(x64, model, inputs, alpha):
    task, params = problem(model, inputs)
    plain, fast = sampled_fisher(task, 5), sampled_fisher(task, 5, layer_gradients(model))
    if alpha is not None:
        plain, fast = moving_average(plain, alpha), moving_average(fast, alpha)
    memories = plain.init(params), fast.init(params)
    estimates = jax.jit(plain.estimate), jax.jit(fast.estimate)
    for seed in range(3):
        key = jax.random.key(seed)
        u, first = estimates[0](key, params, memories[0])
        factor, second = estimates[1](key, params, memories[1])
        memories = first, second
        w, u = rows_of(factor), rows_of(u)
        np.testing.assert_allclose(w.T @ w, u.T @ u, rtol=1e-9, atol=1e-12)


class Biased(nn.Module):
    labels: int = 3

    @nn.compact
    def __call__(self, x):
        return nn.Dense(3)(x)


class Shared(nn.Module):
    labels: int = 3

    @nn.compact
    def __call__(self, x):
        layer = nn.Dense(3, use_bias=False)
        return layer(layer(x))


@pytest.mark.parametrize(
    ("model", "message"), [(Biased(), "bias is no kernel"), (Shared(), "used more than once")]
)
def test_models_of_another_kind_are_refused(model, message):
    task, params = problem(model, (3,))
    with pytest.raises(ValueError, match=message):
        layer_gradients(model)(task, params, task.x, lambda logits: task.y)


class Folded(nn.Module):
    """Tokens folded into the batch: (n, t, d) as (nt, d) through the first layer."""

    labels: int = 3

    @nn.compact
    def __call__(self, x):
        n, t, d = x.shape
        h = nn.Dense(5, use_bias=False)(x.reshape(n * t, d))
        return nn.Dense(3, use_bias=False)(h.reshape(n, t, 5).mean(axis=1))


class Tied(nn.Module):
    """The same kernel out as in, which `nn.Dense` does not see."""

    labels: int = 3

    @nn.compact
    def __call__(self, x):
        layer = nn.Dense(3, use_bias=False)
        return layer(x) @ layer.variables["params"]["kernel"].T


class Half(nn.Module):
    labels: int = 3

    @nn.compact
    def __call__(self, x):
        return nn.Dense(3, use_bias=False, dtype=jnp.bfloat16)(x).astype(jnp.float32)


class Scaled(nn.Dense):
    def __call__(self, x):
        return 2 * super().__call__(x)


class Derived(nn.Module):
    labels: int = 3

    @nn.compact
    def __call__(self, x):
        return Scaled(3, use_bias=False)(x)


@pytest.mark.parametrize(
    ("model", "inputs", "message"),
    [
        (Folded(), (4, 6), r"batch of 7 as the first axis .*\(28, 6\)"),
        (Tied(), (3,), "used 2 times"),
        (Half(), (3,), "plain one, got dtype"),
        (Derived(), (3,), "no kernel of a layer known"),
    ],
)
def test_layers_used_otherwise_than_assumed_are_refused(model, inputs, message):
    task, params = problem(model, inputs)
    with pytest.raises(ValueError, match=message):
        layer_gradients(model)(task, params, task.x, lambda logits: task.y)


def test_a_task_of_other_logits_is_refused():
    model, inputs = MODELS[0]
    task, params = problem(model, inputs)
    cold = task._replace(logits=lambda p, x: 3 * model.apply(p, x))
    for other in (cold, task._replace(logits=MLP(5, 4).apply)):
        with pytest.raises(ValueError, match=r"must be MLP"):
            layer_gradients(model)(other, params, task.x, lambda logits: task.y)
    same = task._replace(logits=MLP(5, 3).apply)
    layer_gradients(model)(same, params, task.x, lambda logits: task.y)
