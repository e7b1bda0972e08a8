"""K-FAC NGD, K-SGLD and noisy natural gradient where what they sample is known at finite ε.

Of linear regression with unit noise the gradient of example i is H_i(ω - ω*) - r_i, H_i = a aᵀ ⊗ I.
A minibatch's noise is then not constant, but the covariance still solves a linear equation,

    Σ = KΣKᵀ + ε² c M [S + E(H_i - A)Σ(H_i - A)] M + V,   K = I - εMA.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd import diagnostics
from ngd.likelihood import gaussian
from ngd.metrics import exact_fisher, kfac
from ngd.samplers import noisy_ngd, preconditioned_langevin, stochastic_ngd
from ngd.task import Task

N, B, RATE, DAMPING = 8, 3, 0.4, 0.5
SLOPE = np.array([1.0, -0.5])
"""δ of every example: its label is drawn at this distance, so that K-FAC is constant."""


def affine(params, x):
    return x @ params["w"] + params["b"]


def fixed():
    return gaussian(1.0)._replace(draw=lambda key, outputs: outputs + jnp.asarray(SLOPE))


def problem():
    """The task, ω* in the order (b, w), and A, S, K-FAC and the H_i in NumPy."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(N, 1)), rng.normal(size=(N, 2))
    task = Task(affine, x, y, likelihood=fixed())
    inputs = np.column_stack([np.ones(N), x])
    best, *_ = np.linalg.lstsq(inputs, y, rcond=None)
    hessians = np.stack([np.kron(np.outer(a, a), np.eye(2)) for a in inputs])
    rows = np.einsum("ni,no->nio", inputs, inputs @ best - y).reshape(N, 4)
    metric = np.kron(inputs.T @ inputs / N, np.outer(SLOPE, SLOPE))
    return task, best.ravel(), hessians, rows.T @ rows / N, metric


START = {"w": jnp.zeros((1, 2)), "b": jnp.zeros(2)}


def covariance(hessians, s, m, batch, added):
    """The equation's solution; `added` is ε²MWM + V of noises that are no minibatch's."""
    a = hessians.mean(axis=0)
    c = (N - batch) / (batch * (N - 1))
    k = np.eye(4) - RATE * m @ a
    apart = np.stack([RATE * m @ (h - a) for h in hessians])
    linear = np.kron(k, k) + c * np.mean([np.kron(d, d) for d in apart], axis=0)
    assert np.abs(np.linalg.eigvals(linear)).max() < 0.6
    q = RATE**2 * c * m @ s @ m + added
    return np.linalg.solve(np.eye(16) - linear, q.ravel()).reshape(4, 4)


def test_kfac_is_constant_here(x64):
    task, _, hessians, _, metric = problem()
    damped, _ = kfac(task, N).damped(jax.random.key(0), START, (), DAMPING)
    found = np.asarray(jax.vmap(damped.times)(jnp.eye(4)))
    np.testing.assert_allclose(found, metric + DAMPING * np.eye(4), atol=1e-12)
    # It is neither the curvature nor of its shape.
    assert np.abs(metric - hessians.mean(axis=0)).max() > 0.3


@pytest.mark.parametrize("kind", ["kfac ngd", "k-sgld", "noisy k-fac"])
def test_a_sampler_with_kfac_has_the_covariance_of_its_recursion(chains, assert_moments, kind):
    task, best, hessians, s, metric = problem()
    m = np.linalg.inv(metric + DAMPING * np.eye(4))
    a, settings = hessians.mean(axis=0), dict(learning_rate=RATE, damping=DAMPING)
    own = np.zeros((4, 4))
    if kind == "kfac ngd":
        sampler = stochastic_ngd.build(kfac(task, N), batch_size=B, **settings)
        expected = covariance(hessians, s, m, B, own)
    elif kind == "k-sgld":
        sampler = preconditioned_langevin.build(kfac(task, N), temperature=1.5, **settings)
        expected = covariance(hessians, s, m, N, 2 * RATE * 1.5 / N * m)
    else:
        sampler = noisy_ngd.build(kfac(task, N), batch_size=B, temperature=1.5, **settings)
        # The draws' spread (T/N)M in the gradient, and on top of the mean's covariance.
        own, c = 1.5 / N * m, (N - B) / (B * (N - 1))
        spread = a @ own @ a
        spread = spread + c * np.mean([(h - a) @ own @ (h - a) for h in hessians], axis=0)
        expected = covariance(hessians, s, m, B, RATE**2 * m @ spread @ m) + own
    draws = chains(sampler, START, n=2000, burn_in=40)
    assert_moments(draws[:, 0], best, expected)


def crossed():
    """S = A = F = I: inputs ±1, residuals all signs."""
    x = np.repeat([1.0, -1.0], 4)[:, None]
    signs = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1.0]])
    y = np.concatenate([signs, signs]) + x * [0.3, -0.7]
    return Task(lambda p, x: x @ p, x, y, likelihood=gaussian(1.0))


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize(("temperature", "batch"), [(1.0, 2), (1.0, 8), (0.25, 1)])
def test_noisy_ngd_misses_its_temperature_as_predicted(x64, dense, temperature, batch):
    """(2T + ετ)/(2 - ε), and T alone as ε -> 0."""
    for rate in (0.5, 1e-6):
        sampler = noisy_ngd.build(
            exact_fisher(crossed()),
            learning_rate=rate,
            damping=0.0 if dense else 1e-12,
            batch_size=batch,
            temperature=temperature,
        )
        position = jnp.asarray([[0.3, -0.7]])
        found = diagnostics.predicted_temperature(sampler, position, dense=dense, probes=4)
        tau = 8 * (8 - batch) / (batch * 7)
        expected = (2 * temperature + rate * tau) / (2 - rate)
        # Four signs' probes of a covariance of eight examples are far from exact.
        off = 1e-8 if dense or batch == 8 else 1.0
        assert found.temperature.value == pytest.approx(expected, rel=off)
        assert diagnostics.nominal_temperature(sampler.settings) == temperature


def test_noisy_ngd_has_the_temperature_that_is_predicted(chains, z_scores):
    """At T = 1 and B of Theorem 2's T = 1 it has about 2."""
    batch, rate = 2, 0.5
    sampler = noisy_ngd.build(
        exact_fisher(crossed()), learning_rate=rate, damping=0.0, batch_size=batch
    )
    draws = chains(sampler, jnp.zeros((1, 2)), n=4000, burn_in=40)[:, 0]
    tau = 8 * (8 - batch) / (batch * 7)
    expected = (2 + rate * tau) / (2 - rate)
    assert expected > 2
    assert np.abs(z_scores(8 * (draws - [0.3, -0.7]) ** 2, expected)).max() < 4.5


def test_noisy_ngds_warning_names_its_cure():
    sampler = noisy_ngd.build(exact_fisher(crossed()), learning_rate=0.5, damping=0.0, batch_size=2)
    predicted = diagnostics.predicted_temperature(sampler, jnp.asarray([[0.3, -0.7]]))
    (found,) = diagnostics.causes(sampler.settings, 1.0, None, predicted, 1000)
    assert "noisy_ngd misses T" in found
    assert "hotter" in found
    assert "learning_rate (0.5)" in found


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("temperature", 0.0, "temperature must be > 0, got 0.0"),
        ("learning_rate", -1.0, "learning_rate must be > 0, got -1.0"),
        ("damping", -1.0, "damping must be >= 0, got -1.0"),
        ("batch_size", 9, "batch_size must be a whole number in 1..8, got 9"),
    ],
)
def test_noisy_ngd_refuses_what_is_not_allowed(name, value, says):
    settings = dict(learning_rate=0.5, damping=0.1, batch_size=2)
    with pytest.raises(ValueError) as refused:  # noqa: PT011 (the message is compared)
        noisy_ngd.build(exact_fisher(crossed()), **{**settings, name: value})
    assert str(refused.value) == says
