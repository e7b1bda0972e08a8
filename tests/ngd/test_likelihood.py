"""Likelihoods against SciPy, their Fisher information against expectations, and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

import ngd
from ngd import likelihood
from ngd.metrics import exact_fisher, sampled_fisher
from ngd.task import Task, log_density, mean_cost

OUTPUTS = {
    "categorical": [[0.3, -1.0, 2.0], [1.0, 0.0, 0.5]],
    "bernoulli": [[0.7], [-3.0]],
    "poisson": [[0.4], [1.3]],
    "gaussian": [[0.4], [-2.0]],
    "gaussian_with_scale": [[0.4, -0.5], [-2.0, 0.3]],
}
ALL = {
    "gaussian": likelihood.gaussian(1.7),
    **{name: getattr(likelihood, name) for name in OUTPUTS if name != "gaussian"},
}


def log_p(name, f, y):
    """By SciPy."""
    if name == "categorical":
        return f[y] - np.log(np.exp(f).sum())
    if name == "bernoulli":
        return stats.bernoulli.logpmf(y, 1 / (1 + np.exp(-f[0])))
    if name == "poisson":
        return stats.poisson.logpmf(y, np.exp(f[0]))
    return stats.norm.logpdf(y, f[0], 1.7 if name == "gaussian" else np.exp(f[1]))


@pytest.mark.parametrize("name", ALL)
def test_losses_are_minus_scipys_log_probabilities(x64, name):
    f = np.array(OUTPUTS[name])
    y = np.array([1, 0]) if name in ("categorical", "bernoulli", "poisson") else [0.9, -4.0]
    found = ALL[name].losses(jnp.asarray(f), ALL[name].labels(y, "y"))
    expected = [-log_p(name, *each) for each in zip(f, y, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def expectation(name, f, function):
    """Of a function of y, over p(y | f)."""
    if name in ("gaussian", "gaussian_with_scale"):
        sd = 1.7 if name == "gaussian" else np.exp(f[1])
        y = np.linspace(f[0] - 12 * sd, f[0] + 12 * sd, 20001)
        values = np.array([function(v) for v in y]) * stats.norm.pdf(y, f[0], sd)[:, None, None]
        return integrate.simpson(values, x=y, axis=0)
    last = {"categorical": len(f), "bernoulli": 2, "poisson": 60}[name]
    return sum(np.exp(log_p(name, f, y)) * function(y) for y in range(last))


@pytest.mark.parametrize("name", ALL)
def test_the_root_is_that_of_the_expected_square_of_the_score(x64, name):
    of = ALL[name]
    for f in np.array(OUTPUTS[name]):
        score = jax.jit(jax.grad(lambda f, y: of.losses(f[None], y[None])[0]))

        def square(y, f=f, score=score):
            g = np.asarray(score(jnp.asarray(f), jnp.asarray(y)))
            return np.outer(g, g)

        root = np.asarray(of.root(jnp.asarray(f)))
        np.testing.assert_allclose(
            root.T @ root, expectation(name, f, square), rtol=1e-6, atol=1e-9
        )


@pytest.mark.parametrize("name", ALL)
def test_draws_are_of_the_likelihood(name):
    f = jnp.repeat(jnp.asarray(OUTPUTS[name][:1]), 4000, axis=0)
    y = np.asarray(ALL[name].draw(jax.random.key(1), f), float).ravel()
    mean = expectation(name, np.asarray(f[0]), lambda v: np.array([[v]]))[0, 0]
    square = expectation(name, np.asarray(f[0]), lambda v: np.array([[v**2]]))[0, 0]
    assert abs(y.mean() - mean) < 4.5 * np.sqrt((square - mean**2) / len(y))
    assert y.var() == pytest.approx(square - mean**2, rel=0.12)


def linear(params, x):
    return x @ params["w"]


def task_of(name, n=9, inputs=3):
    rng = np.random.default_rng(4)
    k = len(OUTPUTS[name][0])
    x = rng.normal(size=(n, inputs))
    y = rng.integers(0, 2, n) if name in ("categorical", "bernoulli", "poisson") else x[:, 0]
    return Task(linear, x, y, likelihood=ALL[name]), {
        "w": jnp.asarray(rng.normal(size=(inputs, k)))
    }


@pytest.mark.parametrize("name", ALL)
def test_the_exact_fisher_is_the_mean_of_jacobians_about_the_outputs_fisher(x64, name):
    task, params = task_of(name)
    rows = np.asarray(exact_fisher(task).factor(jax.random.key(0), params, ())[0].written())
    total = 0
    for x, f in zip(np.asarray(task.x), np.asarray(task.logits(params, task.x)), strict=True):
        root = np.asarray(task.likelihood.root(jnp.asarray(f)))
        jacobian = np.kron(x[None], np.eye(len(f)))  # df_k/dw_ik = x_i, flattened by i then k
        total = total + jacobian.T @ root.T @ root @ jacobian / task.examples
    np.testing.assert_allclose(rows.T @ rows, total, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", ALL)
def test_the_sampled_fisher_is_unbiased_for_the_exact_one(x64, name, z_scores):
    task, params = task_of(name)
    metric = sampled_fisher(task, task.examples)
    exact = np.asarray(exact_fisher(task).factor(jax.random.key(0), params, ())[0].written())

    @jax.jit
    def square(key):
        rows = metric.factor(key, params, metric.init(params))[0].written()
        return rows.T @ rows

    found = np.asarray(jax.lax.map(square, jax.random.split(jax.random.key(3), 3000)))
    assert np.abs(z_scores(found, exact.T @ exact)).max() < 5


@pytest.mark.parametrize(
    ("name", "y", "says"),
    [
        ("bernoulli", [0, 1, 2], "y must be labels 0 and 1, got 2"),
        ("poisson", [0, 1, -2], "y must be counts >= 0, got -2"),
        ("poisson", [0.5, 1, 2], "y must be counts, integers"),
        ("gaussian", [0.5, np.nan, 2], "y must be finite"),
        ("gaussian", [True, False, True], "y must be numbers"),
        ("gaussian_with_scale", [[0.5], [1.0], [2.0]], r"y must have shape \(N,\)"),
    ],
)
def test_labels_of_another_kind_are_refused(name, y, says):
    with pytest.raises(ValueError, match=says):
        Task(linear, np.eye(3), y, likelihood=ALL[name])


@pytest.mark.parametrize("name", [name for name in ALL if name != "categorical"])
def test_outputs_of_another_width_are_refused_where_a_chain_starts(name):
    task, _ = task_of(name)
    with pytest.raises(ValueError, match=rf"{name}: the model's outputs must have shape \(n, "):
        ngd.langevin(task, learning_rate=0.1).init({"w": jnp.ones((3, 3))})


def test_what_is_of_classes_alone_is_refused_for_other_likelihoods():
    task, params = task_of("gaussian")
    with pytest.raises(ValueError, match="logistic_fisher is of the categorical likelihood"):
        ngd.metrics.logistic_fisher(task)
    with pytest.raises(ValueError, match="predict must be left out with the likelihood gaussian"):
        ngd.sample(
            jax.random.key(0), ngd.langevin(task, learning_rate=0.1), params, chains=2, draws=2,
            burn_in=0, predict=task.x,
        )  # fmt: skip
    with pytest.raises(ValueError, match=r"likelihood must be one of ngd\.likelihood"):
        Task(linear, task.x, task.y, likelihood="gaussian")
    with pytest.raises(ValueError, match="sd must be > 0"):
        likelihood.gaussian(0.0)


def test_the_log_density_is_minus_the_summed_cost(x64):
    task, params = task_of("poisson")
    assert log_density(task, params) == pytest.approx(-9 * float(mean_cost(task, params)))


def test_linear_regression_has_its_closed_form(x64, z_scores):
    """A Gaussian posterior: its mean and covariance by linear algebra, at finite ε too."""
    rng = np.random.default_rng(0)
    n, sd, rate = 80, 0.7, 0.2
    x = rng.normal(size=(n, 3)) * [1.0, 3.0, 0.3]
    y = x @ [0.5, -1.0, 2.0] + sd * rng.normal(size=n)
    logits = lambda w, x: (x @ w)[:, None]  # noqa: E731
    task = Task(logits, x, y, ngd.l2(2.0 / n), likelihood.gaussian(sd))
    fisher = x.T @ x / sd**2 / n
    sampler = ngd.preconditioned_langevin(exact_fisher(task), learning_rate=rate, damping=0.02)
    start = jnp.zeros(3)
    found = ngd.sample(
        jax.random.key(0), sampler, start, chains=40, burn_in=100, draws=300, thin=10
    )
    draws = np.asarray(found.draws)
    precision = n * fisher + 2 * np.eye(3)
    mean = np.linalg.solve(precision, x.T @ y / sd**2)
    # The discrete chain's covariance Σ: Σ = (I - εM)Σ(I - εM)ᵀ + 2ε/N (F + δI)⁻¹.
    inverse = np.linalg.inv(fisher + 0.02 * np.eye(3))
    m = inverse @ precision / n
    step = np.eye(3) - rate * m
    noise = 2 * rate / n * inverse
    covariance = np.linalg.solve(np.eye(9) - np.kron(step, step), noise.ravel()).reshape(3, 3)
    assert np.abs(z_scores(draws.mean(axis=1), mean)).max() < 4.5
    squares = np.einsum("cdi,cdj->cij", draws - mean, draws - mean) / draws.shape[1]
    assert np.abs(z_scores(squares, covariance)).max() < 4.5
    # At ε = 0.2 the chain is ε/2 too hot, no more.
    assert np.diag(covariance) == pytest.approx(np.diag(np.linalg.inv(precision)), rel=0.13)
