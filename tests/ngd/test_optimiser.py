"""NGD in optax's form against the samplers' own steps."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import ngd
from ngd.metrics import exact_fisher, moving_average, sampled_fisher
from ngd.optimiser import natural_gradient
from ngd.samplers import full_ngd
from ngd.task import mean_cost


def run(task, params, optimiser, steps):
    state = optimiser.init(params)
    slope = jax.grad(lambda p: mean_cost(task, p))

    @jax.jit
    def update(params, state):
        step, state = optimiser.update(slope(params), state, params)
        return optax.apply_updates(params, step), state

    path = []
    for _ in range(steps):
        params, state = update(params, state)
        path.append(params)
    return path


def test_constant_settings_are_natural_gradient_descent(toy, x64):
    task, params = toy("logistic")
    algorithm = full_ngd.build(exact_fisher(task), learning_rate=0.3, damping=0.1)
    optimiser = natural_gradient(exact_fisher(task), 0.3, 0.1, jax.random.key(0))
    state = algorithm.init(params)
    for found in run(task, params, optimiser, 3):
        state, _ = algorithm.step(jax.random.key(1), state)
        np.testing.assert_allclose(found["w"], state.position["w"], rtol=1e-10)


def test_schedules_are_followed_step_by_step(toy, x64):
    task, params = toy("logistic")
    rates, dampings = [0.5, 0.2, 0.1], [1.0, 0.1, 0.01]
    optimiser = natural_gradient(
        exact_fisher(task),
        lambda i: jnp.asarray(rates)[i],
        lambda i: jnp.asarray(dampings)[i],
        jax.random.key(0),
    )
    for found, rate, damping in zip(run(task, params, optimiser, 3), rates, dampings, strict=True):
        algorithm = full_ngd.build(exact_fisher(task), learning_rate=rate, damping=damping)
        params = algorithm.step(jax.random.key(1), algorithm.init(params))[0].position
        np.testing.assert_allclose(found["w"], params["w"], rtol=1e-8)


def test_a_metric_with_chance_and_memory_draws_anew_at_each_update(toy, x64):
    task, params = toy("logistic")
    metric = moving_average(sampled_fisher(task, 4), 0.5)
    optimiser = natural_gradient(metric, 0.1, 0.1, jax.random.key(0))
    state = optimiser.init(params)
    ones = jax.tree.map(jnp.ones_like, params)
    first, state = optimiser.update(ones, state, params, value=0.0)
    second, _ = optimiser.update(ones, state, params)
    assert np.abs(first["w"] - second["w"]).max() > 1e-3
    assert (np.asarray(first["w"]) @ np.ones(3)) < 0


@pytest.mark.parametrize(
    ("wrong", "says"), [((-0.1, 0.1), "learning_rate must be > 0"), ((0.1, -1.0), "damping must")]
)
def test_bad_settings_are_named(toy, unchecked, wrong, says):
    task, params = toy("logistic")
    with pytest.raises(ValueError, match=says):
        natural_gradient(exact_fisher(task), *wrong, jax.random.key(0))
    optimiser = natural_gradient(exact_fisher(task), 0.1, 0.1, jax.random.key(0))
    with pytest.raises(ValueError, match="must be given params"):
        optimiser.update(params, optimiser.init(params))
    with pytest.raises(ValueError, match=r"schedules are for ngd\.optimiser"):
        ngd.samplers.langevin.build(task, learning_rate=lambda i: 0.1)
