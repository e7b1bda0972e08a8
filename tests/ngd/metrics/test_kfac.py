"""K-FAC against its matrix written out in NumPy, and against the Fisher information."""

import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd import minibatch
from ngd.likelihood import categorical, gaussian
from ngd.metrics import exact_fisher, kfac, moving_average, sampled_fisher
from ngd.metrics.kronecker import Block, Kronecker, balance
from ngd.metrics.layers import Place
from ngd.metrics.metric import memoryless
from ngd.samplers import riemannian_langevin, riemannian_ngd
from ngd.task import Task

N = 6
DAMPING = 0.3


def network(params, x, first=0.0, second=0.0):
    """A convolution and a dense layer with biases, then a scale; x of shape (n, 3, 3, 1)."""
    hidden = jax.lax.conv_general_dilated(
        x, params["kernel"], (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    hidden = jnp.tanh(hidden + params["offset"] + first).reshape(len(x), -1)
    return (hidden @ params["weights"] + params["bias"] + second) * params["scale"]


SHAPES = {"bias": (3,), "kernel": (2, 2, 1, 2), "offset": (2,), "scale": (3,), "weights": (8, 3)}
WHERE = dict(zip(SHAPES, (0, 3, 11, 13, 16), strict=True))
P = 40


def problem():
    rng = np.random.default_rng(0)
    params = {name: jnp.asarray(rng.normal(size=shape)) for name, shape in SHAPES.items()}
    x = jnp.asarray(rng.normal(size=(N, 3, 3, 1)))
    return Task(network, x, jnp.zeros(N, int)), params


def places(*names):
    """Of the arrays' numbers in ω, one array's after the other's."""
    sizes = {name: int(np.prod(shape)) for name, shape in SHAPES.items()}
    return np.concatenate([WHERE[name] + np.arange(sizes[name]) for name in names])


def factors(task, params, key, examples):
    """A and S of the two layers and the scale's own block, example by example in NumPy."""
    key_batch, key_label = jax.random.split(key)
    chosen = minibatch.draw(key_batch, N, examples)
    keys = jax.random.split(key_label, examples)

    def slopes(x, key):
        y = jax.random.categorical(key, network(params, x[None]))[0]

        def loss(first, second, scale):
            logits = network({**params, "scale": scale}, x[None], first, second)
            return -jax.nn.log_softmax(logits)[0, y]

        zeros = jnp.zeros((1, 2, 2, 2)), jnp.zeros((1, 3))
        return jax.grad(loss, (0, 1, 2))(*zeros, params["scale"])

    x = task.x[chosen]
    first, second, scale = map(np.asarray, jax.jit(jax.vmap(slopes))(x, keys))
    kernel, offset = np.asarray(params["kernel"]), np.asarray(params["offset"])
    total = [np.zeros((n, n)) for n in (5, 2, 9, 3, 3)]
    for number, image in enumerate(np.asarray(x)[..., 0]):
        seen = [image[r : r + 2, c : c + 2].ravel() for r in range(2) for c in range(2)]
        hidden = np.tanh(np.stack(seen) @ kernel.reshape(4, 2) + offset).ravel()
        for patch, delta in zip(seen, first[number].reshape(4, 2), strict=True):
            total[0] += np.outer(np.append(patch, 1), np.append(patch, 1))
            total[1] += np.outer(delta, delta) / 4
        total[2] += np.outer(np.append(hidden, 1), np.append(hidden, 1))
        total[3] += np.outer(second[number, 0], second[number, 0])
        total[4] += np.outer(scale[number], scale[number])
    return [one / examples for one in total]


def written(parts, damping, factored):
    """The damped matrix, P x P."""
    a1, s1, a2, s2, scale = parts
    matrix = np.full((P, P), 0.0)
    for first, second, names in (
        (a1, s1, ("kernel", "offset")),
        (a2, s2, ("weights", "bias")),
        (scale, np.eye(1), ("scale",)),
    ):
        block = np.kron(first, second) + damping * np.eye(len(first) * len(second))
        if factored and names != ("scale",):
            i, o = len(first), len(second)
            pi = np.sqrt((np.trace(first) / i) / (np.trace(second) / o))
            block = np.kron(
                first + pi * np.sqrt(damping) * np.eye(i),
                second + np.sqrt(damping) / pi * np.eye(o),
            )
        at = places(*names)
        matrix[np.ix_(at, at)] = block
    return matrix


@pytest.mark.parametrize("factored", [False, True])
def test_kfac_is_its_matrix_written_out(x64, assert_is_its_matrix, factored):
    """Its product, solve, determinant and noise, of A ⊗ S + δI and of the factors damped."""
    task, params = problem()
    key = jax.random.key(4)
    exact = written(factors(task, params, key, 5), DAMPING, factored)
    assert_is_its_matrix(kfac(task, 5, factored=factored), params, key, DAMPING, exact)


def test_arrays_that_are_no_layers_have_their_diagonal_where_they_are_large(x64, monkeypatch):
    task, params = problem()
    monkeypatch.setattr(importlib.import_module("ngd.metrics.kfac"), "EXACT", 2)
    damped, _ = kfac(task, 5).damped(jax.random.key(4), params, (), DAMPING)
    parts = factors(task, params, jax.random.key(4), 5)
    parts[4] = np.diag(np.diag(parts[4]))
    exact = written(parts, DAMPING, False)
    v = np.linspace(-1, 2, P)
    np.testing.assert_allclose(damped.solve(jnp.asarray(v)).x, np.linalg.solve(exact, v))


def test_the_average_is_the_mean_until_it_forgets(x64):
    """The weight of the old at the k-th update is min(1 - 1/k, α), of A and of S apart."""
    task, params = problem()
    metric = kfac(task, 5, smoothing=0.6)
    estimate = jax.jit(metric.factor)
    memory, mean = metric.init(params), None
    v = np.linspace(-1, 2, P)
    for k in range(1, 5):
        key = jax.random.key(k)
        estimated, memory = estimate(key, params, memory)
        newest, old = factors(task, params, key, 5), min(1 - 1 / k, 0.6)
        mean = newest if mean is None else mean
        mean = [old * m + (1 - old) * n for m, n in zip(mean, newest, strict=True)]
    exact = written(mean, 0.0, False)
    np.testing.assert_allclose(estimated.damped(0.0).times(jnp.asarray(v)), exact @ v, rtol=1e-9)
    assert metric.damped(jax.random.key(9), params, memory, 0.1)[1].seen == 5


def affine(params, x):
    return x @ params["w"] + params["b"]


def linear(likelihood, labels, seed=0):
    """One layer with a bias, two inputs and three outputs."""
    rng = np.random.default_rng(seed)
    x = jnp.asarray(rng.normal(size=(N, 2)))
    params = {"w": jnp.asarray(rng.normal(size=(2, 3))), "b": jnp.asarray(rng.normal(size=3))}
    return Task(affine, x, labels, likelihood=likelihood), params


@pytest.mark.parametrize("case", ["gaussian", "uniform", "dependent"])
def test_in_the_mean_kfac_is_the_fisher_where_inputs_and_slopes_are_independent(
    x64, z_scores, case
):
    """Of Gaussian outputs they are, of a softmax where all labels are as likely; else it is not."""
    if case == "gaussian":
        task, params = linear(gaussian(1.0), jnp.zeros((N, 3)))
    else:
        task, params = linear(categorical, jnp.zeros(N, int))
    if case == "uniform":
        params = jax.tree.map(jnp.zeros_like, params)
    rows = np.asarray(exact_fisher(task).at(params).written())
    metric = kfac(task, N)

    @jax.jit
    @jax.vmap
    def draw(key):
        damped, _ = metric.damped(key, params, (), 0.0)
        return jax.vmap(damped.times)(jnp.eye(9))

    draws = draw(jax.random.split(jax.random.key(0), 3000)).reshape(3000, -1)
    z = np.abs(z_scores(draws, (rows.T @ rows).ravel())).max()
    assert (z < 4.5) == (case != "dependent")
    assert case != "dependent" or z > 20


def test_of_one_example_kfac_is_the_block_of_its_row(x64):
    """A ⊗ S = (aaᵀ) ⊗ (δδᵀ) = uuᵀ, of the same example and label as `sampled_fisher`'s."""
    task, params = linear(categorical, jnp.zeros(N, int))
    key, v = jax.random.key(3), jnp.linspace(-1, 2, 9)
    (u,) = np.asarray(sampled_fisher(task, 1).factor(key, params)[0].written())
    damped, _ = kfac(task, 1).damped(key, params, (), 0.0)
    np.testing.assert_allclose(damped.times(v), u * (u @ np.asarray(v)), atol=1e-12)


def pair(scale):
    """A and S by their eigenvalues, `scale` moved from one to the other."""
    rng = np.random.default_rng(2)
    bases = [np.linalg.qr(rng.normal(size=(n, n)))[0] for n in (3, 2)]
    a, s = scale * np.array([2.0, 0.5, 0.0]), np.array([1.5, 0.2]) / scale
    block = Block(*map(jnp.asarray, (a, bases[0], s, bases[1])), Place(0, (3, 2)))
    return Kronecker((block,), True), np.kron(
        *((u * v) @ u.T for u, v in zip(bases, (a, s), strict=True))
    )


def test_factored_damping_does_not_see_a_scale_moved_between_the_factors(x64):
    v = jnp.linspace(-1, 2, 6)
    one, other = (pair(scale)[0].damped(0.2).solve(v).x for scale in (1.0, 100.0))
    np.testing.assert_allclose(one, other, rtol=1e-10)


def test_factored_damping_is_the_larger(x64):
    """(A + π√δ I) ⊗ (S + (√δ/π) I) - (A ⊗ S + δI) has no negative eigenvalue."""
    operator, product = pair(3.0)
    damped = np.asarray(jax.vmap(operator.damped(0.2).times)(jnp.eye(6)))
    assert np.linalg.eigvalsh(damped - product - 0.2 * np.eye(6)).min() > -1e-12


def test_a_layer_whose_units_are_all_off_is_damped_alone(x64):
    assert balance(jnp.ones(3), jnp.zeros(2)) == 1
    block = Block(jnp.ones(3), jnp.eye(3), jnp.zeros(2), jnp.eye(2), Place(0, (3, 2)))
    found = Kronecker((block,), True).damped(0.25).solve(jnp.ones(6)).x
    np.testing.assert_allclose(found, 1 / (1.5 * 0.5))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (dict(batch_size=0), r"kfac batch_size must be a whole number in 1\.\.6, got 0"),
        (dict(batch_size=7), r"kfac batch_size must be a whole number in 1\.\.6, got 7"),
        (dict(batch_size=3, smoothing=1.0), r"smoothing must be in \[0, 1\), got 1\.0"),
    ],
)
def test_settings_that_are_not_allowed_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        kfac(problem()[0], **settings)


def test_without_damping_a_solve_is_refused():
    operator, _ = pair(1.0)
    with pytest.raises(ValueError, match=r"damping must be > 0, got 0\.0"):
        operator.damped(0.0).solve(jnp.ones(6))


def test_what_needs_rows_refuses_a_metric_that_has_none():
    """In one line: an average of rows, and the drift of the Riemannian samplers."""
    task, params = problem()
    with pytest.raises(ValueError, match=r"metric must be rows U of G = UᵀU here.*got Kronecker"):
        moving_average(kfac(task, 3), 0.5).init(params)
    with pytest.raises(ValueError, match=r"must be a function of the parameters alone"):
        riemannian_langevin.build(kfac(task, 3), learning_rate=0.1, damping=0.1)
    with pytest.raises(ValueError, match=r"must be a function of the parameters alone"):
        riemannian_ngd.build(kfac(task, 3), learning_rate=0.1, damping=0.1, batch_size=2)
    pure = memoryless(task, lambda rng_key, position: pair(1.0)[0])
    sampler = riemannian_langevin.build(pure, learning_rate=0.1, damping=0.1)
    with pytest.raises(ValueError, match=r"metric must be rows U of G = UᵀU here.*got Kronecker"):
        riemannian_langevin.correction(pure, {"w": jnp.ones(6)}, 0.1, 0.0)
    assert sampler.settings.metric is pure
