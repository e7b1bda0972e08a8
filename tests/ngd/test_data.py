"""Inputs of several arrays, and inputs that stay on the host."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ngd
from ngd import data
from ngd import task as tasks
from ngd.laplace import hessian_times
from ngd.metrics import (
    empirical_fisher,
    exact_fisher,
    gradient_covariance,
    logistic_fisher,
    sampled_fisher,
)
from ngd.sampling import with_data_as_arguments

N = 300
rng = np.random.default_rng(0)
X = rng.normal(size=(N, 3))
Y = (rng.random(N) < 1 / (1 + np.exp(-X @ [1.5, -1.0, 0.0]))).astype(int)


def logits(w, x):
    return jnp.stack([jnp.zeros(len(x)), x @ w], axis=1)


class Rows:
    """What a store of rows is, and what it was asked for."""

    def __init__(self, rows):
        self.rows, self.shape, self.dtype, self.asked = rows, rows.shape, rows.dtype, []

    def __getitem__(self, indices):
        self.asked.append(len(indices))
        return self.rows[indices]


def tasks_of_both():
    return (
        ngd.Task(logits, X, Y, ngd.l2(0.1)),
        ngd.Task(logits, ngd.OnHost(X), Y, ngd.l2(0.1)),
    )


@pytest.fixture
def x64():
    """For all threads: what is read from the host comes from a thread of JAX's own."""
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


@pytest.fixture
def in_small_pieces(monkeypatch):
    monkeypatch.setattr(data, "piece", lambda x: data.Piece(128, 200))


def test_costs_and_their_slopes_are_those_of_the_same_array(x64, in_small_pieces):
    here, there = tasks_of_both()
    w, v = jnp.array([0.3, -0.2, 0.9]), jnp.array([1.0, 2.0, -1.0])
    some = jnp.array([5, 299, 0, 17])
    for chosen in (None, some):
        first, second = (tasks.slope(task, w, chosen) for task in (here, there))
        np.testing.assert_allclose(first.gradient, second.gradient, rtol=1e-12)
        np.testing.assert_allclose(first.mean_cost, second.mean_cost, rtol=1e-12)
        costs = [tasks.mean_cost(task, w, chosen) for task in (here, there)]
        np.testing.assert_allclose(*costs, rtol=1e-12)
        weights = jnp.linspace(0, 1, N if chosen is None else 4)
        first, second = (tasks.weighted_slope(task, w, weights, chosen) for task in (here, there))
        np.testing.assert_allclose(first.gradient, second.gradient, rtol=1e-12)
    turned = [jax.jit(hessian_times(task, w))(v) for task in (here, there)]
    np.testing.assert_allclose(*turned, rtol=1e-12)
    assert ngd.log_density(there, w) == pytest.approx(float(ngd.log_density(here, w)))


def test_a_chain_is_that_of_the_same_array(x64, in_small_pieces):
    """Minibatches, labels and draws are the same ones; so are the temperature and the scores."""
    found = []
    for task in tasks_of_both():
        sampler = ngd.stochastic_ngd(
            sampled_fisher(task, 50),
            learning_rate=0.1,
            damping=0.1,
            batch_size=30,
        )
        with pytest.warns(ngd.CalibrationWarning):
            samples = ngd.sample(
                jax.random.key(0), sampler, jnp.zeros(3), chains=3, burn_in=20, draws=4, thin=2,
                predict=X[:7], labels=Y[:7],
            )  # fmt: skip
        found.append(samples)
    here, there = found
    np.testing.assert_allclose(here.draws, there.draws, rtol=1e-9)
    np.testing.assert_allclose(here.measured.value, there.measured.value, rtol=1e-9)
    np.testing.assert_allclose(
        here.statistics["summed_cost"], there.statistics["summed_cost"], rtol=1e-9
    )
    # One by matrices, one by probes of traces.
    assert there.predicted.temperature.standard_error > 0
    apart = here.predicted.temperature.value - there.predicted.temperature.value
    assert (
        abs(apart)
        < 4 * there.predicted.temperature.standard_error + 0.02 * here.predicted.temperature.value
    )


def test_only_the_rows_of_a_minibatch_are_read():
    rows = Rows(X)
    task = ngd.Task(logits, ngd.OnHost(rows), Y)
    sampler = ngd.stochastic_ngd(
        sampled_fisher(task, 20), learning_rate=0.1, damping=0.1, batch_size=8
    )
    state = sampler.init(jnp.zeros(3))
    rows.asked.clear()
    step = jax.jit(lambda key, state: jax.lax.fori_loop(
        0, 5, lambda i, s: sampler.step(jax.random.fold_in(key, i), s)[0], state
    ))  # fmt: skip
    jax.block_until_ready(step(jax.random.key(0), state))
    assert sorted(rows.asked) == [8] * 5 + [20] * 5


def test_a_file_of_bytes_is_read_as_it_is(tmp_path):
    images = rng.integers(0, 256, (40, 5), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    file = np.load(tmp_path / "images.npy", mmap_mode="r")
    model = lambda w, x: (x.astype(jnp.float32) / 255) @ w  # noqa: E731
    w, y = jnp.asarray(rng.normal(size=(5, 3)), jnp.float32), np.arange(40) % 3
    here, there = ngd.Task(model, images, y), ngd.Task(model, ngd.OnHost(file), y)
    assert there.x.dtype == np.uint8
    np.testing.assert_allclose(tasks.gradient(here, w), tasks.gradient(there, w), rtol=1e-5)


@pytest.mark.parametrize(
    "metric", [exact_fisher, empirical_fisher, gradient_covariance, logistic_fisher]
)
def test_a_metric_of_all_examples_refuses_inputs_on_the_host(metric):
    _, there = tasks_of_both()
    with pytest.raises(ValueError, match=f"{metric.__name__} needs all inputs at once"):
        metric(there)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1.0, 2.0]], "rows must have a shape .* got list"),
        (np.array(1.0), "rows must have a shape"),
        (np.array([["a"]]), "a dtype of numbers"),
        (np.array([[1.0], [np.nan]]), "rows must be finite"),
    ],
)
def test_rows_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        ngd.OnHost(rows)


def test_a_model_whose_outputs_depend_on_the_batch_is_refused_on_the_host():
    # The two examples that differ stand far apart.
    x = np.zeros((5000, 1))
    x[4999] = 1
    task = ngd.Task(lambda w, x: (x - x.mean(axis=0)) @ w, ngd.OnHost(x), np.zeros(5000, int))
    assert data.another(task.x) == 4999
    with pytest.raises(ValueError, match="must not depend on the others"):
        tasks.check(task, jnp.ones((1, 2)))


def paired(w, x):
    return logits(w, jnp.concatenate([x["left"], x["right"]], axis=1))


@pytest.mark.parametrize("kind", ["dict", "tuple", "dict on the host"])
def test_inputs_of_several_arrays_are_those_of_one(kind, x64):
    left, right = X[:, :2], X[:, 2:]
    x, model = {
        "dict": ({"left": left, "right": right}, paired),
        "tuple": ((left, right), lambda w, x: logits(w, jnp.concatenate(x, axis=1))),
        "dict on the host": ({"left": left, "right": ngd.OnHost(right)}, paired),
    }[kind]
    task, one = ngd.Task(model, x, Y, ngd.l2(0.1)), ngd.Task(logits, X, Y, ngd.l2(0.1))
    w, key = jnp.array([0.3, -0.2, 0.9]), jax.random.key(0)
    tasks.check(task, w)
    for chosen in (None, jnp.array([3, 4])):
        np.testing.assert_allclose(
            tasks.gradient(task, w, chosen), tasks.gradient(one, w, chosen), rtol=1e-12
        )
    metrics = [lambda task: sampled_fisher(task, 20)]
    if kind != "dict on the host":
        metrics += [exact_fisher, empirical_fisher, gradient_covariance]
    for metric in metrics:
        found, expected = (metric(t).factor(key, w)[0].written() for t in (task, one))
        np.testing.assert_allclose(found, expected, atol=1e-12)
    call = {"chains": 1, "burn_in": 0, "draws": 2, "predict": x, "labels": Y}
    if kind == "dict on the host":
        with pytest.raises(ValueError, match="predict needs all inputs at once"):
            ngd.sample(key, ngd.langevin(task, learning_rate=0.1), w, **call)
        return
    samples = ngd.sample(key, ngd.langevin(task, learning_rate=0.1), w, **call)
    assert samples.ensemble.log_sum.shape == (N, 2)


def test_arrays_of_several_lengths_are_refused():
    with pytest.raises(ValueError, match=r"x must hold arrays of one length N, got lengths \[2, 3"):
        ngd.Task(paired, {"left": np.zeros((2, 1)), "right": np.zeros((3, 1))}, [0, 1])
    with pytest.raises(ValueError, match=r"x\['left'\] must have shape \(N, ...\)"):
        ngd.Task(paired, {"left": 1.0, "right": np.zeros((3, 1))}, [0, 1, 0])


def test_data_are_arguments_of_the_program_and_no_constants_of_it():
    large = jnp.ones(1000)

    def function(a, b):
        return jax.lax.fori_loop(0, 2, lambda i, s: s + large @ large, a) + b, {"b": b}

    compiled = with_data_as_arguments(function, (jnp.zeros(()), 2), donated=0)
    (call,) = jax.make_jaxpr(compiled)(jnp.zeros(()), 3).eqns
    assert call.params["jaxpr"].consts == []
    assert (1000,) in [variable.aval.shape for variable in call.invars]
    found, rest = compiled(jnp.ones(()), 3)
    assert float(found) == pytest.approx(1 + 2 * 1000 + 3)
    assert int(rest["b"]) == 3
