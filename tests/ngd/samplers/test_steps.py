"""Single steps: the convention, the limits in which one sampler is another, invariances."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd.metrics import (
    exact_fisher,
    gradient_covariance,
    logistic_fisher,
    moving_average,
    sampled_fisher,
)
from ngd.samplers import full_ngd, langevin, mandt, preconditioned_langevin, stochastic_ngd
from ngd.task import flatten, gradient, l2

BUILDERS = {
    "langevin": lambda task: langevin.build(task, learning_rate=0.1),
    "preconditioned": lambda task: preconditioned_langevin.build(
        exact_fisher(task), learning_rate=0.1, damping=0.1
    ),
    "ngd": lambda task: full_ngd.build(exact_fisher(task), learning_rate=0.1, damping=0.1),
    "stochastic_ngd": lambda task: stochastic_ngd.build(
        moving_average(sampled_fisher(task, 5), 0.5),
        learning_rate=0.1,
        damping=0.1,
        batch_size=3,
    ),
    "mandt": lambda task: mandt.build(task, learning_rate=0.1, batch_size=3, damping=0.1),
}


def after(algorithm, params, seed=0):
    """The position one step on."""
    state, _ = jax.jit(algorithm.step)(jax.random.key(seed), algorithm.init(params))
    return state.position


def flat(params):
    return np.asarray(jax.flatten_util.ravel_pytree(params)[0])


@pytest.mark.parametrize("name", BUILDERS)
@pytest.mark.parametrize("precision", [jnp.float32, jnp.float64])
def test_positions_keep_their_structure_and_precision(toy, name, precision):
    with jax.enable_x64(precision == jnp.float64):
        task, params = toy("mlp")
        algorithm = BUILDERS[name](task)
        state = algorithm.init(params, rng_key=jax.random.key(0))
        assert jax.tree.structure(state.position) == jax.tree.structure(params)
        then, info = jax.jit(algorithm.step)(jax.random.key(1), state)
        assert jax.tree.structure(then) == jax.tree.structure(state)
        for before, leaf in zip(jax.tree.leaves(state), jax.tree.leaves(then), strict=True):
            assert (leaf.shape, leaf.dtype) == (before.shape, before.dtype)
        assert {leaf.dtype for leaf in jax.tree.leaves(then.position)} == {jnp.dtype(precision)}
        moved = np.linalg.norm(flat(then.position) - flat(params))
        assert moved > 0
        assert float(info.length) == pytest.approx(moved, rel=1e-4)


@pytest.mark.parametrize("name", BUILDERS)
def test_scan_and_vmap_are_loops_over_steps(toy, x64, name):
    task, params = toy("logistic")
    algorithm = BUILDERS[name](task)
    keys = jax.random.split(jax.random.key(2), (3, 4))

    def chain(keys):
        return jax.lax.scan(lambda s, k: algorithm.step(k, s), algorithm.init(params), keys)[0]

    together = jax.jit(jax.vmap(chain))(keys).position["w"]
    step = jax.jit(algorithm.step)
    for chain_keys, last in zip(keys, together, strict=True):
        state = algorithm.init(params)
        for key in chain_keys:
            state, _ = step(key, state)
        np.testing.assert_allclose(state.position["w"], last, rtol=1e-9)


@pytest.mark.parametrize("name", BUILDERS)
def test_the_same_key_gives_the_same_step_and_another_key_another(toy, name):
    task, params = toy("logistic")
    algorithm = BUILDERS[name](task)
    step, state = jax.jit(algorithm.step), algorithm.init(params)
    first, again, other = (step(jax.random.key(k), state)[0].position["w"] for k in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    # NGD with the exact Fisher and the full gradient draws nothing.
    assert np.array_equal(first, other) == (name == "ngd")


def test_langevin_at_temperature_zero_is_gradient_descent(any_toy):
    task, params = any_toy
    task = task._replace(regulariser=l2(0.3))
    moved = after(langevin.build(task, learning_rate=0.2, temperature=0.0), params)

    def cost(p):
        log_p = jax.nn.log_softmax(task.logits(p, task.x))
        penalty = 0.15 * sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(p))
        return -log_p[jnp.arange(task.examples), task.y].mean() + penalty

    expected = jax.tree.map(lambda p, g: p - 0.2 * g, params, jax.jit(jax.grad(cost))(params))
    np.testing.assert_allclose(flat(moved), flat(expected), rtol=1e-10)


def test_natural_gradient_step_is_the_dense_solve(toy, x64):
    """Eq. (16) for logistic regression with a regulariser, in numpy."""
    task, params = toy("logistic")
    x, y, w = np.asarray(task.x), np.asarray(task.y), np.asarray(params["w"])
    p = 1 / (1 + np.exp(-x @ w))
    fisher = x.T @ np.diag(p * (1 - p)) @ x / len(x) + 0.05 * np.eye(3)
    slope = x.T @ (p - y) / len(x) + 0.3 * w
    task = task._replace(regulariser=l2(0.3))
    algorithm = full_ngd.build(exact_fisher(task), learning_rate=0.2, damping=0.05)
    moved = after(algorithm, params)
    np.testing.assert_allclose(moved["w"], w - 0.2 * np.linalg.solve(fisher, slope), rtol=1e-10)


def test_stochastic_ngd_with_a_full_batch_is_ngd(any_toy):
    task, params = any_toy
    metric = exact_fisher(task)
    noisy = stochastic_ngd.build(metric, learning_rate=0.2, damping=0.1, batch_size=task.examples)
    full = full_ngd.build(metric, learning_rate=0.2, damping=0.1)
    a, b = after(noisy, params, 0), after(full, params, 1)
    np.testing.assert_allclose(flat(a), flat(b), rtol=1e-10)


def test_temperatures_run_together_are_chains_of_their_own(toy, x64):
    task, params = toy("logistic")
    metric = logistic_fisher(task)
    sizes, temperatures = jnp.asarray([1, 4, 12]), jnp.asarray([0.0, 0.5, 2.0])

    def by_size(size):
        return stochastic_ngd.build(metric, learning_rate=0.1, damping=0.1, batch_size=size)

    def by_temperature(temperature):
        return preconditioned_langevin.build(
            metric, learning_rate=0.1, damping=0.1, temperature=temperature
        )

    for build, values in ((by_size, sizes), (by_temperature, temperatures)):
        together = jax.vmap(lambda value: flatten(after(build(value), params)))(values)  # noqa: B023
        alone = [flatten(after(build(value), params)) for value in values]
        np.testing.assert_allclose(together, np.stack(alone), rtol=1e-10)
        assert len(np.unique(together.round(8), axis=0)) == 3
    whole = stochastic_ngd.build(metric, learning_rate=0.1, damping=0.1, batch_size=12)
    np.testing.assert_allclose(
        flat(after(by_size(sizes[2]), params)), flat(after(whole, params)), rtol=1e-10
    )


@pytest.mark.parametrize("size", [0, 13, 4.0])
def test_a_batch_size_in_an_array_is_checked_too(toy, unchecked, size):
    task, _ = toy("logistic")
    with pytest.raises(ValueError, match=r"batch_size must be a whole number in 1\.\.12"):
        stochastic_ngd.build(
            exact_fisher(task), learning_rate=0.1, damping=0.1, batch_size=jnp.asarray(size)
        )


def test_preconditioned_langevin_at_temperature_zero_is_ngd(any_toy):
    task, params = any_toy
    metric = exact_fisher(task)
    cold = preconditioned_langevin.build(metric, learning_rate=0.2, damping=0.1, temperature=0.0)
    full = full_ngd.build(metric, learning_rate=0.2, damping=0.1)
    a, b = after(cold, params, 0), after(full, params, 1)
    np.testing.assert_allclose(flat(a), flat(b), rtol=1e-10)


def test_mandts_sampler_is_stochastic_ngd_with_the_gradients_covariance(any_toy):
    task, params = any_toy
    ours = mandt.build(task, learning_rate=0.2, batch_size=4, damping=0.3)
    theirs = stochastic_ngd.build(
        gradient_covariance(task), learning_rate=0.2, damping=0.3, batch_size=4
    )
    a, b = flat(after(ours, params)), flat(after(theirs, params))
    np.testing.assert_array_equal(a, b)
    fisher = stochastic_ngd.build(exact_fisher(task), learning_rate=0.2, damping=0.3, batch_size=4)
    assert np.abs(a - flat(after(fisher, params))).max() > 1e-4


@pytest.mark.parametrize("batch", [4, 12])
def test_natural_gradient_steps_do_not_depend_on_the_linear_parameterisation(toy, x64, batch):
    """With ω = Mv, the steps of v are mapped by M onto those of ω: δ = 0."""
    task, params = toy("logistic")
    m = jnp.asarray(np.random.default_rng(0).normal(size=(3, 3)) + 2 * np.eye(3))
    moved = task._replace(logits=lambda v, x: task.logits({"w": m @ v["w"]}, x))
    position = {"w": jnp.linalg.solve(m, params["w"])}
    a = stochastic_ngd.build(exact_fisher(task), learning_rate=0.3, damping=0.0, batch_size=batch)
    b = stochastic_ngd.build(exact_fisher(moved), learning_rate=0.3, damping=0.0, batch_size=batch)
    first, second = a.init(params), b.init(position)
    steps = jax.jit(a.step), jax.jit(b.step)
    for key in jax.random.split(jax.random.key(0), 5):
        first, _ = steps[0](key, first)
        second, _ = steps[1](key, second)
        np.testing.assert_allclose(m @ second.position["w"], first.position["w"], rtol=1e-8)
    # Gradient descent is not so.
    plain = m @ (position["w"] - 0.3 * gradient(moved, position))
    assert jnp.abs(plain - (params["w"] - 0.3 * gradient(task, params))).max() > 0.01


def test_gaussian_noise_of_a_step_has_the_covariance_of_theorem_1(toy, assert_moments):
    """Cov Δω = (2εT/N) G⁻¹, G = F + δI, and the mean is NGD's step."""
    task, params = toy("logistic")
    metric = exact_fisher(task)
    algorithm = preconditioned_langevin.build(
        metric, learning_rate=0.2, damping=0.1, temperature=1.5
    )
    step = jax.jit(
        jax.vmap(lambda key: algorithm.step(key, algorithm.init(params))[0].position["w"])
    )
    draws = step(jax.random.split(jax.random.key(0), 40000))
    x, w = np.asarray(task.x, float), np.asarray(params["w"], float)
    p = 1 / (1 + np.exp(-x @ w))
    g = x.T @ np.diag(p * (1 - p)) @ x / len(x) + 0.1 * np.eye(3)
    mean = w - 0.2 * np.linalg.solve(g, x.T @ (p - np.asarray(task.y)) / len(x))
    assert_moments(draws, mean, 2 * 0.2 * 1.5 / len(x) * np.linalg.inv(g))


BAD = {
    "learning_rate": [0.0, -0.1, float("nan"), float("inf")],
    "temperature": [-1.0, float("nan"), float("inf")],
    "damping": [-1e-3, float("nan"), float("inf")],
    "batch_size": [0, -3, 13, 2.5, float("nan"), float("inf")],
}
GOOD = {"learning_rate": 0.1, "temperature": 1.0, "damping": 0.1, "batch_size": 4}


MODULES = [langevin, preconditioned_langevin, full_ngd, stochastic_ngd, mandt]
REFUSED = [
    (module.build, argument, value)
    for module in MODULES
    for argument, values in BAD.items()
    if argument in inspect.signature(module.build).parameters
    for value in values
]


@pytest.mark.parametrize(
    ("builder", "argument", "value"),
    REFUSED,
    ids=[f"{b.__module__.split('.')[-1]}-{a}-{v}" for b, a, v in REFUSED],
)
def test_a_bad_hyperparameter_is_refused_by_name_and_value(
    toy, unchecked, builder, argument, value
):
    task, _ = toy("logistic")
    values = {**GOOD, "task": task, "metric": exact_fisher(task)}
    arguments = {name: values[name] for name in inspect.signature(builder).parameters}
    builder(**arguments)
    with pytest.raises(ValueError, match=f"^{argument} must be .*got {value}$"):
        builder(**{**arguments, argument: value})


def test_a_whole_batch_size_of_another_number_type_is_used_or_refused(toy, unchecked):
    task, params = toy("logistic")
    for value in (np.int64(4), 4.0):
        try:
            algorithm = stochastic_ngd.build(
                exact_fisher(task), learning_rate=0.1, damping=0.1, batch_size=value
            )
        except ValueError:
            continue
        assert np.isfinite(after(algorithm, params)["w"]).all()
