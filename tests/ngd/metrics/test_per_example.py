"""Per-example gradients, by layers where they are found, against those of `jax.grad`."""

import warnings

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from ngd import likelihood
from ngd.data import Piece
from ngd.metrics import fisher, moving_average, per_example, sampled_fisher
from ngd.metrics.factor import Written
from ngd.metrics.layouts import Blocks, Kernel, Lookup, Outer, Positions
from ngd.metrics.per_example import per_example_factor
from ngd.metrics.unkept import Unkept
from ngd.models import CNN, MLP
from ngd.task import Task, flatten

N = 7


class Real(nn.Module):
    """A convolution with stride and groups, a normalisation, dense layers, all with biases."""

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(4, (3, 2), strides=(2, 1), padding="VALID", feature_group_count=2)(x)
        x = nn.relu(nn.LayerNorm()(x)).reshape(x.shape[0], -1)
        return nn.Dense(3)(nn.tanh(nn.Dense(5)(x)))


class Words(nn.Module):
    """Tokens: an embedding, a dense layer at each position, their mean."""

    @nn.compact
    def __call__(self, x):
        x = nn.Dense(6)(nn.Embed(9, 5)(x))
        return nn.Dense(3)(nn.tanh(x).mean(axis=1))


class Folded(nn.Module):
    """Tokens folded into the batch: (n, t, d) as (nt, d) through the first layer."""

    @nn.compact
    def __call__(self, x):
        n, t, d = x.shape
        h = nn.Dense(5, use_bias=False)(x.reshape(n * t, d))
        return nn.Dense(3, use_bias=False)(h.reshape(n, t, 5).mean(axis=1))


class Shared(nn.Module):
    """A layer used twice."""

    @nn.compact
    def __call__(self, x):
        layer = nn.Dense(3, use_bias=False)
        return layer(jnp.tanh(layer(x)))


class Spoken(nn.Module):
    """A large table of which rows are looked up twice, then a dense layer at two positions."""

    @nn.compact
    def __call__(self, x):
        table = nn.Embed(30, 20)
        x = table(x) + jnp.cos(table(x[:, ::-1]))
        return nn.Dense(3)(jnp.tanh(nn.Dense(24, name="Each")(x)).mean(axis=1))


class Again(nn.Module):
    """A large layer used twice."""

    @nn.compact
    def __call__(self, x):
        layer = nn.Dense(20, use_bias=False)
        return nn.Dense(3)(layer(jnp.tanh(layer(jnp.tile(x, 5)))))


class Tied(nn.Module):
    """The same kernel out as in."""

    @nn.compact
    def __call__(self, x):
        layer = nn.Dense(5, use_bias=False)
        return jnp.tanh(layer(x)) @ layer.variables["params"]["kernel"].T


class Scaled(nn.Dense):
    """A layer of another kind with a layer's name."""

    def __call__(self, x):
        return 2 * super().__call__(x)


class Derived(nn.Module):
    @nn.compact
    def __call__(self, x):
        return Scaled(3)(x)


class Unused(nn.Module):
    """A parameter on which nothing depends."""

    @nn.compact
    def __call__(self, x):
        self.param("idle", nn.initializers.ones, (2, 3))
        return nn.Dense(3)(x)


class Nnx(nnx.Module):
    def __init__(self, rngs):
        self.first, self.last = nnx.Linear(4, 5, rngs=rngs), nnx.Linear(5, 3, rngs=rngs)

    def __call__(self, x):
        return self.last(nnx.relu(self.first(x)))


def linen(model, shape, *, calls=lambda apply: apply, integers=False):
    """`logits`, parameters and inputs of a Flax model."""
    x = jax.random.normal(jax.random.key(1), (N, *shape))
    if integers:
        x = jax.random.randint(jax.random.key(1), (N, *shape), 0, 9)
    params = model.init(jax.random.key(2), x)
    # Away from zero, where Flax puts its biases.
    flat, unravel = jax.flatten_util.ravel_pytree(params)
    start = unravel(flat + 0.1 * jax.random.normal(jax.random.key(3), flat.shape))
    return calls(model.apply), start, x


def of_nnx():
    graph, params = nnx.split(Nnx(nnx.Rngs(0)))
    return (
        lambda p, x: nnx.merge(graph, p)(x),
        params,
        jax.random.normal(jax.random.key(1), (N, 4)),
    )


def plain(logits, shapes, inputs):
    keys = jax.random.split(jax.random.key(2), len(shapes))
    params = [jax.random.normal(k, shape) for k, shape in zip(keys, shapes, strict=True)]
    return logits, params, jax.random.normal(jax.random.key(1), (N, *inputs))


def scanned(params, x):
    layer = lambda h, w: (jnp.tanh(h @ w), None)  # noqa: E731
    return jax.lax.scan(layer, x, params[0])[0]


def halves(params, x):
    """Mixed precision: single precision in and out."""
    h = jnp.tanh(x.astype(jnp.bfloat16) @ params[0].astype(jnp.bfloat16))
    return h.astype(jnp.float32) @ params[1]


def absent(params, x):
    """Rows looked up of which the first two are not in the table, one of them from its end."""
    places = jnp.array([-31, 30, -1, 2]) + 0 * x.astype(int)
    rows = jnp.take(params[0], places, axis=0, fill_value=0)
    return jnp.tanh(rows * x[..., None]).sum(axis=1) @ params[1]


@jax.custom_vjp
def decayed(table, places):
    """Rows looked up, the whole table pulled to zero in the backward pass."""
    return table[places]


decayed.defvjp(
    lambda table, places: (table[places], (table, places)),
    lambda kept, delta: ((0.1 * kept[0]).at[kept[1]].add(delta), None),
)


def one_by_one(apply):
    return lambda p, x: jax.vmap(lambda x_i: apply(p, x_i[None])[0])(x)


MODELS = {
    "mlp": (lambda: linen(MLP(5, 3), (4,)), "OO"),
    "cnn": (lambda: linen(CNN(3, 3), (11, 11, 2)), "KKKO"),
    "jitted": (lambda: linen(MLP(5, 3), (4,), calls=jax.jit), "OO"),
    "checkpointed": (lambda: linen(MLP(5, 3), (4,), calls=jax.checkpoint), "OO"),
    "one by one": (lambda: linen(MLP(5, 3), (4,), calls=one_by_one), "OO"),
    "real": (lambda: linen(Real(), (6, 5, 2)), "WWWOWOWW"),
    "words": (lambda: linen(Words(), (4,), integers=True), "WKWOL"),
    "folded": (lambda: linen(Folded(), (4, 6)), "KO"),
    "shared": (lambda: linen(Shared(), (3,)), "W"),
    "spoken": (lambda: linen(Spoken(), (2,), integers=True), "WOWPL"),
    "again": (lambda: linen(Again(), (4,)), "PWO"),
    "absent": (lambda: plain(absent, [(30, 20), (20, 3)], (4,)), "LO"),
    "decayed": (
        lambda: plain(
            lambda p, x: decayed(p[0], jnp.array([2, 1, 2]) + 0 * x.astype(int)).sum(axis=1) @ p[1],
            [(30, 20), (20, 3)],
            (3,),
        ),
        "WO",
    ),
    "tied": (lambda: linen(Tied(), (3,)), "W"),
    "derived": (lambda: linen(Derived(), (3,)), "WO"),
    "unused": (lambda: linen(Unused(), (4,)), "WOW"),
    "nnx": (of_nnx, "WOWO"),
    "turned": (lambda: plain(lambda p, x: x @ p[0].T + p[1], [(3, 4), (3,)], (4,)), "OW"),
    "scanned": (lambda: plain(scanned, [(2, 3, 3)], (3,)), "W"),
    "halves": (lambda: plain(halves, [(4, 5), (5, 3)], (4,)), "?O"),
}


LETTERS = {Outer: "O", Positions: "P", Lookup: "L", Kernel: "K", Written: "W"}


def kinds(factor):
    parts = factor.parts if isinstance(factor, Blocks) else (factor,)
    return "".join(LETTERS[type(part)] for part in parts)


@pytest.mark.parametrize("name", MODELS)
def test_rows_are_the_gradients_of_each_example(name):
    """Of any model; what is found of its layers is as said: O kept as two vectors, P as two of
    each position, L as the rows looked up; K and W written out."""
    make, expected = MODELS[name]
    logits, params, x = make()
    y = jnp.arange(N) % 3

    def loss(p, x, y):
        return -jax.nn.log_softmax(logits(p, x[None])[0])[y]

    rows = jax.jit(jax.vmap(lambda x, y: per_example_factor(loss, params, x, y)))(x, y)
    rows = jax.tree.map(lambda a: a[:, 0], rows)
    gradient = jax.jit(lambda i: flatten(jax.grad(loss)(params, x[i], y[i])))
    exact = np.array([gradient(i) for i in range(N)])
    assert rows.shape == exact.shape
    apart = np.abs(rows.written() - exact).max()
    assert apart < (1e-2 if name == "halves" else 2e-6) * np.abs(exact).max()
    if set(expected) == {"W"}:
        assert isinstance(rows, Written)
    else:
        found = kinds(rows)
        assert len(found) == len(expected)
        assert all(want in ("?", got) for want, got in zip(expected, found, strict=True)), found
        norms = (np.asarray(rows.written()) ** 2).sum(axis=1)
        np.testing.assert_allclose(rows.squared_norms(), norms, rtol=1e-4)


def assert_products(factor, u):
    """All products of a factor are those of its rows."""
    rng = np.random.default_rng(0)
    v, z = rng.normal(size=u.shape[1]), rng.normal(size=u.shape[0])
    assert factor.shape == u.shape

    @jax.jit
    def products(factor, v, z):
        lower = jnp.tril(factor.gram())
        several = factor.written(), factor.times(v), factor.transpose_times(z), lower
        return *several, factor.squared_norms(), factor.take(jnp.array([3, 1])).written()

    found = products(factor, jnp.asarray(v, jnp.float32), jnp.asarray(z, jnp.float32))
    exact = u, u @ v, z @ u, np.tril(u @ u.T), (u**2).sum(axis=1), u[[3, 1]]
    for ours, theirs in zip(found, exact, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * np.linalg.norm(u))


@pytest.mark.parametrize("alpha", [None, 0.4])
@pytest.mark.parametrize("name", ["mlp", "cnn", "real", "nnx", "spoken", "absent"])
def test_products_of_a_sampled_fisher_are_those_of_its_rows(name, alpha):
    """Layers of all kinds side by side, alone and in the average."""
    logits, params, x = MODELS[name][0]()
    metric = sampled_fisher(Task(logits, x, jnp.arange(N) % 3), 5)
    metric = metric if alpha is None else moving_average(metric, alpha)
    memory, estimate = metric.init(params), jax.jit(metric.factor)
    for seed in range(3):
        factor, memory = estimate(jax.random.key(seed), params, memory)
        assert_products(factor, np.asarray(factor.written(), float))


@pytest.mark.parametrize(("name", "pieces"), [("cnn", 5), ("real", 3), ("words", 1)])
def test_rows_that_are_not_kept_are_the_same_rows(name, pieces, monkeypatch):
    """Of the same labels, and so the same solution."""
    logits, params, x = MODELS[name][0]()
    metric = sampled_fisher(Task(logits, x, jnp.arange(N) % 3), 5)
    key, v = jax.random.key(0), flatten(params)
    kept, _ = metric.factor(key, params)
    monkeypatch.setattr(fisher, "KEPT", 0)
    monkeypatch.setattr(fisher.data, "piece", lambda x: Piece(pieces, 0))
    factor, _ = jax.jit(metric.factor)(key, params)
    assert isinstance(factor.rows, Unkept)
    assert_products(factor, np.asarray(kept.written(), float))
    for solver in ("dual", "cg"):
        found = factor.damped(0.1).solve(v, solver).x
        np.testing.assert_allclose(found, kept.damped(0.1).solve(v, "dual").x, rtol=1e-3, atol=1e-4)


def test_an_average_of_rows_that_are_not_kept_is_refused(monkeypatch):
    logits, params, x = MODELS["mlp"][0]()
    metric = moving_average(sampled_fisher(Task(logits, x, jnp.arange(N) % 3), 5), 0.4)
    monkeypatch.setattr(fisher, "KEPT", 0)
    with pytest.raises(ValueError, match=r"moving_average keeps the rows of 11 estimates"):
        metric.init(params)


@pytest.mark.parametrize("name", ["bernoulli", "gaussian", "gaussian_with_scale", "poisson"])
def test_the_label_of_each_row_is_the_likelihoods_own(name, x64):
    """One draw of its key, which the gradient takes for a constant."""
    made = {"gaussian": likelihood.gaussian(0.5)}.get(name) or getattr(likelihood, name)
    width = 2 if name == "gaussian_with_scale" else 1
    x = jax.random.normal(jax.random.key(1), (N, 3))
    w = 0.3 * jax.random.normal(jax.random.key(2), (3, width))
    labels = jnp.zeros(N, float if name.startswith("gaussian") else int)
    task = Task(lambda p, x: x @ p, x, labels, likelihood=made)
    key = jax.random.key(5)
    rows = np.asarray(sampled_fisher(task, N).factor(key, w)[0].written())
    keys = jax.random.split(jax.random.split(key)[1], N)
    for i in range(N):
        y = made.draw(keys[i], (x[i] @ w)[None])
        exact = jax.grad(lambda p, i=i, y=y: made.losses(x[i][None] @ p, y).sum())(w)
        np.testing.assert_allclose(rows[i], exact.ravel() / np.sqrt(N), rtol=1e-9, atol=1e-12)


def test_a_large_array_that_is_no_layer_is_named_with_its_price():
    make = lambda side: plain(  # noqa: E731
        lambda p, x: scanned(p, x) @ p[1],
        [(4, side, side), (side, 3)],
        (side,),
    )
    logits, params, x = make(32)
    metric = sampled_fisher(Task(logits, x, jnp.arange(N) % 3), 5)
    named = r"^\[0\] is no layer that is found in its gradient: its 4096 numbers are .* 0\.016 MB$"
    with pytest.warns(UserWarning, match=named) as told:
        metric.factor(jax.random.key(0), params)
    assert len({str(each.message) for each in told}) == 1
    logits, params, x = make(31)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sampled_fisher(Task(logits, x, jnp.arange(N) % 3), 5).factor(jax.random.key(0), params)


@pytest.mark.parametrize("name", ["cnn", "spoken", "again"])
def test_a_large_layer_that_is_known_is_not_named(name, monkeypatch):
    monkeypatch.setattr(per_example, "LARGE", 0)
    logits, params, x = MODELS[name][0]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sampled_fisher(Task(logits, x, jnp.arange(N) % 3), 5).factor(jax.random.key(0), params)


def test_numbers_of_a_metric_are_those_of_its_rows_where_a_table_comes_first():
    """Places in a table are whole numbers, and are not what noise is drawn as."""
    logits, params, x = MODELS["absent"][0]()
    factor, _ = sampled_fisher(Task(logits, x, jnp.arange(N) % 3), 5).factor(
        jax.random.key(0), params
    )
    noise = factor.damped(0.1).noise(jax.random.key(1))
    assert noise.dtype == factor.dtype == jnp.float32
    assert len(np.unique(noise)) > 500
