"""What `Task` and the samplers refuse, in one line that names it, and what they convert."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import ngd
from ngd.metrics import (
    diagonal_fisher,
    empirical_fisher,
    exact_fisher,
    gradient_covariance,
    kfac,
    logistic_fisher,
    moving_average,
    quasi_diagonal,
    sampled_fisher,
)
from ngd.samplers import (
    langevin,
    stochastic_ngd,
)
from ngd.task import check

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3)).astype(np.float32)
Y = np.arange(12) % 2
PARAMS = {"w": jnp.ones((3, 2))}

pytestmark = pytest.mark.usefixtures("unchecked")


def linear(params, x):
    return x @ params["w"]


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X, Y),
        (X.tolist(), Y.tolist()),
        (pd.DataFrame(X), pd.Series(Y)),
        (X, Y.astype(bool)),
        (X, Y.astype(np.uint8)),
    ],
    ids=["numpy", "lists", "pandas", "bool", "bytes"],
)
def test_data_of_any_kind_give_the_chain_of_the_same_arrays(x, y):
    def last(task):
        algorithm = stochastic_ngd.build(
            exact_fisher(task), learning_rate=0.1, damping=0.1, batch_size=4
        )
        return ngd.sampling.run(jax.random.key(0), algorithm, algorithm.init(PARAMS), 3)[0]

    expected = last(ngd.Task(linear, jnp.asarray(X), jnp.asarray(Y)))
    task = ngd.Task(linear, x, y)
    assert isinstance(task.x, jax.Array)
    np.testing.assert_array_equal(last(task).position["w"], expected.position["w"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"y": 2 * Y - 1}, r"y must be labels 0\.\.K-1, got -1: of -1 and \+1 give \(y \+ 1\)"),
        ({"y": np.eye(2, dtype=int)[Y]}, r"y must be one label .*\(12, 2\).*argmax\(axis=1\)"),
        ({"y": Y.astype(float)}, r"y must be integers .*float.*astype\(int\)"),
        ({"y": np.array(["a", "b"] * 6)}, "y must hold numbers"),
        ({"y": Y[:5]}, "x and y must have one length, got 12 and 5"),
        ({"x": {}}, "x must be an array .*dict"),
        ({"x": {"a": X, "b": np.array(["u"] * 12)}}, r"x\[.b.\] must hold numbers"),
        ({"x": np.full((12, 3), np.nan)}, "x must be finite"),
        ({"x": np.zeros((0, 3)), "y": Y[:0]}, "x must have shape"),
        ({"x": [[1.0], [1.0, 2.0]]}, "x must hold numbers"),
        ({"x": pd.DataFrame({"a": ["u"] * 12})}, "x must hold numbers"),
        ({"logits": 3}, "logits must be a function"),
        ({"regulariser": 0.1}, "regulariser must be a function"),
    ],
)
def test_a_task_refuses_what_its_docstring_does_not_allow(change, says):
    given = {"logits": linear, "x": X, "y": Y, "regulariser": ngd.l2(0.1)}
    with pytest.raises(ValueError, match=says):
        ngd.Task(**{**given, **change})
    with pytest.raises(ValueError, match=says):
        ngd.Task(**given)._replace(**change)


class Normed(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.BatchNorm(use_running_average=False)(nn.Dense(4)(x))
        # As often at a start, the last layer is zero.
        return nn.Dense(2, kernel_init=nn.initializers.zeros)(nn.relu(x))


def dropout(params, x):
    kept = jax.random.bernoulli(jax.random.key(0), 0.5, x.shape)
    return (kept * x) @ params["w"]


@pytest.mark.parametrize(
    ("logits", "says"),
    [
        (dropout, "must not depend on the others"),
        (lambda p, x: linear(p, x - x.mean(axis=0)), "must not depend on the others"),
        (lambda p, x: linear(p, x)[:, :1], r"K >= 2 for n examples, got \(2, 1\)"),
        (lambda p, x: linear(p, x)[:, 0], r"shape \(n, K\) for n examples, got \(2,\)"),
        (lambda p, x: linear(p, x).astype(jnp.bfloat16), "logits must be float32 .*bfloat16"),
    ],
    ids=["dropout", "centred", "one", "vector", "half"],
)
def test_a_model_that_is_none_is_refused_where_a_chain_starts(logits, says):
    task = ngd.Task(logits, X, Y)
    for algorithm in (
        langevin.build(task, learning_rate=0.1),
        stochastic_ngd.build(exact_fisher(task), learning_rate=0.1, damping=0.1, batch_size=4),
    ):
        with pytest.raises(ValueError, match=says):
            algorithm.init(PARAMS)
        # Under `jit` too, as long as data and position are known.
        with pytest.raises(ValueError, match=says):
            jax.jit(lambda: algorithm.init(PARAMS))()  # noqa: B023
    with pytest.raises(ValueError, match=says):
        ngd.laplace.minimise(task, PARAMS)


def test_batch_normalisation_is_refused():
    model = Normed()
    variables = model.init(jax.random.key(0), X)
    task = ngd.Task(
        lambda p, x: model.apply(
            {"params": p, "batch_stats": variables["batch_stats"]}, x, mutable=["batch_stats"]
        )[0],
        X,
        Y,
    )
    with pytest.raises(ValueError, match=r"must not depend on the others.*batch norm"):
        langevin.build(task, learning_rate=0.1).init(variables["params"])


def test_every_example_twice_does_not_hide_what_depends_on_the_batch():
    task = ngd.Task(
        lambda p, x: linear(p, x - x.mean(axis=0)), np.repeat(X, 2, axis=0), [0, 1] * 12
    )
    with pytest.raises(ValueError, match="must not depend on the others"):
        check(task, PARAMS)


@pytest.mark.parametrize(
    ("y", "says"), [(Y + 1, r"0\.\.1 for 2 logits, got 2"), (np.r_[Y[:11], 7], "got 7")]
)
def test_labels_above_the_logits_are_refused(y, says):
    with pytest.raises(ValueError, match=says):
        langevin.build(ngd.Task(linear, X, y), learning_rate=0.1).init(PARAMS)


@pytest.mark.parametrize(
    ("position", "says"),
    [
        ({"w": jnp.ones((3, 2), jnp.bfloat16)}, "parameters must be float32 .*bfloat16"),
        ({"w": jnp.ones((3, 2), int)}, "parameters must be float32 .*int32"),
        ({}, "position must hold parameters"),
    ],
)
def test_parameters_of_another_kind_are_refused(position, says):
    with pytest.raises(ValueError, match=says):
        langevin.build(ngd.Task(linear, X, Y), learning_rate=0.1).init(position)


@pytest.mark.parametrize(
    ("regulariser", "says"),
    [(lambda p: p["w"], "scalar"), (lambda p: jnp.log(-jnp.sum(p["w"])), "finite")],
)
def test_a_regulariser_that_is_no_finite_scalar_is_refused(regulariser, says):
    with pytest.raises(ValueError, match=f"regulariser must .*{says}"):
        langevin.build(ngd.Task(linear, X, Y, regulariser), learning_rate=0.1).init(PARAMS)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (lambda step: 0.1, r"learning_rate must be a number, .*schedules .*ngd\.optimiser"),
        ("0.1", "learning_rate must be a number"),
        (np.ones(2), "learning_rate must be a number"),
        (None, "learning_rate must be a number"),
    ],
    ids=["schedule", "text", "vector", "none"],
)
def test_a_learning_rate_that_is_no_number_is_refused(value, says):
    task = ngd.Task(linear, X, Y)
    with pytest.raises(ValueError, match=says):
        langevin.build(task, learning_rate=value)


@pytest.mark.parametrize("coefficient", [-1.0, float("nan"), float("inf")])
def test_l2_refuses_what_has_no_minimum(coefficient):
    with pytest.raises(ValueError, match="coefficient must be"):
        ngd.l2(coefficient)


BUILDERS = {
    "preconditioned_langevin": dict(learning_rate=0.1, damping=0.1),
    "riemannian_langevin": dict(learning_rate=0.1, damping=0.1),
    "riemannian_ngd": dict(learning_rate=0.1, damping=0.1, batch_size=4),
    "stochastic_ngd": dict(learning_rate=0.1, damping=0.1, batch_size=4),
    "full_ngd": dict(learning_rate=0.1, damping=0.1),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_a_sampler_on_no_metric_is_refused(name):
    with pytest.raises(ValueError, match=r"metric must be one of ngd\.metrics.* got a Task"):
        getattr(ngd, name)(ngd.Task(linear, X, Y), **BUILDERS[name])


METRICS = {
    "diagonal_fisher": lambda task: diagonal_fisher(task, 3),
    "empirical_fisher": empirical_fisher,
    "exact_fisher": exact_fisher,
    "gradient_covariance": gradient_covariance,
    "kfac": lambda task: kfac(task, 3),
    "logistic_fisher": logistic_fisher,
    "moving_average": lambda task: moving_average(exact_fisher(task), 0.5),
    "quasi_diagonal": lambda task: quasi_diagonal(task, 3),
    "sampled_fisher": lambda task: sampled_fisher(task, 3),
}


@pytest.mark.parametrize("name", METRICS)
def test_a_sampler_samples_the_task_of_its_metric(name):
    """Two tasks that differ in their labels alone have their own gradients."""

    def logits(params, x):
        return jnp.stack([jnp.zeros(len(x)), x @ params], axis=1)

    at = jnp.ones(3)
    for y in (Y, 1 - Y):
        algorithm = ngd.full_ngd(
            METRICS[name](ngd.Task(logits, X, y)), learning_rate=0.1, damping=0.1
        )
        _, info = algorithm.step(jax.random.key(0), algorithm.init(at))
        p = 1 / (1 + np.exp(-X.sum(axis=1)))
        assert float(info.gradient_norm) == pytest.approx(
            np.linalg.norm((p - y) @ X / 12), rel=1e-4
        )


def test_every_sampler_has_its_name_in_the_package():
    for name in ngd.samplers.__all__:
        if name.islower():
            assert getattr(ngd, name) is getattr(ngd.samplers, name).build


@pytest.mark.parametrize("name", ["riemannian_langevin", "riemannian_ngd"])
def test_samplers_that_differentiate_a_metric_refuse_one_with_chance_or_memory(name):
    task = ngd.Task(linear, X, Y)
    for metric in (sampled_fisher(task, 3), moving_average(exact_fisher(task), 0.5)):
        with pytest.raises(ValueError, match="metric must be a function of the parameters alone"):
            getattr(ngd, name)(metric, **BUILDERS[name])


@pytest.mark.parametrize("name", BUILDERS)
def test_numpy_numbers_do_not_change_the_precision_of_a_chain(x64, name):
    """Float32 parameters under x64, hyperparameters from `np.linspace`."""
    rate, damping = np.linspace(0.1, 0.2, 2)
    task = ngd.Task(linear, jnp.asarray(X), Y)
    given = {**BUILDERS[name], "learning_rate": rate, "damping": damping}
    if "batch_size" in given:
        given["batch_size"] = np.int64(4)
    algorithm = getattr(ngd, name)(exact_fisher(task), **given)
    start = algorithm.init({"w": jnp.ones((3, 2), jnp.float32)})
    last, _ = ngd.sampling.run(jax.random.key(0), algorithm, start, 3)
    assert last.position["w"].dtype == jnp.float32
    assert np.isfinite(last.position["w"]).all()


def test_dampings_run_together_are_chains_of_their_own(x64):
    task = ngd.Task(linear, X, Y)
    metric = exact_fisher(task)

    def moved(damping):
        algorithm = stochastic_ngd.build(metric, learning_rate=0.1, damping=damping, batch_size=4)
        return algorithm.step(jax.random.key(1), algorithm.init(PARAMS))[0].position["w"]

    dampings = jnp.array([0.1, 1.0])
    together = jax.vmap(moved)(dampings)
    np.testing.assert_allclose(together, [moved(0.1), moved(1.0)], rtol=1e-5)


def test_nothing_is_tried_on_values_that_are_not_known():
    """Inside `jit` a task may be made of what `jit` is given, at no cost."""
    calls = []

    def logits(params, x):
        calls.append(1)
        return linear(params, x)

    @jax.jit
    def started(x, y, params):
        return langevin.build(ngd.Task(logits, x, y), learning_rate=0.1).init(params).position

    started(jnp.asarray(X), jnp.asarray(Y), PARAMS)
    assert not calls
    langevin.build(ngd.Task(logits, X, Y), learning_rate=0.1).init(PARAMS)
    assert calls
