"""SGD, SGLD, SGHMC, SGFS and pSGLD where their laws are known exactly at finite ε.

L_i = 1 + (ω-x_i)ᵀH(ω-x_i)/2, so that A = H and S = HΣ_xH, which are not proportional. A sampler is
a linear recursion, of the pair (ω, v) where it has a momentum. Its single update has the moments
that are written here, and its covariance is SciPy's solution of the discrete Lyapunov equation.
"""

import functools
from typing import NamedTuple

import blackjax
import blackjax.sgmcmc.diffusions
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.linalg import solve_discrete_lyapunov

import ngd
from ngd import diagnostics, minibatch
from ngd.metrics import gradient_covariance
from ngd.samplers import psgld, sgd, sgfs, sghmc, sgld, stochastic_ngd
from ngd.task import Task, gradient

H = np.array([[1.0, 0.4, 0.0], [0.4, 0.8, -0.2], [0.0, -0.2, 0.5]])
POINTS = np.random.default_rng(11).normal(size=(12, 3)) * [1.0, 0.5, 2.0]
CENTRE = POINTS.mean(axis=0)
N, B, P = 12, 3, 3
T, RATE = 0.7, 0.4
S = H @ np.cov(POINTS, rowvar=False, bias=True) @ H
CS = (N - B) / (B * (N - 1)) * S
"""The covariance of the minibatches' noise, drawn without replacement."""

FISHER = np.array([[1.1, 0.2, 0.1], [0.2, 0.6, 0.0], [0.1, 0.0, 0.9]])
"""Î held fixed: neither A nor S."""

SQUARE = np.array([0.5, 2.0, 0.1])
"""V held fixed."""

AGES = 10**9
"""Updates after which an average of all no longer moves."""


START = {"w": jnp.zeros(P)}


@functools.cache
def problem():
    """One task for all tests in double precision: what is compiled for it is compiled once."""
    h, x = jnp.asarray(H), jnp.asarray(POINTS)

    def logits(params, x):
        apart = params["w"] - x
        loss = 1 + 0.5 * jnp.einsum("ni,ij,nj->n", apart, h, apart)
        return jnp.stack([-loss, jnp.log(-jnp.expm1(-loss))], axis=1)

    return Task(logits, x, jnp.zeros(N, int))


class Recursion(NamedTuple):
    """Δω = -M(A(ω - c) + β) + ν, Cov ν = V."""

    m: np.ndarray
    v: np.ndarray

    @property
    def noise(self):
        return self.m @ CS @ self.m.T + self.v

    @property
    def covariance(self):
        return solve_discrete_lyapunov(np.eye(P) - self.m @ H, self.noise)


class WithMomentum(NamedTuple):
    """v <- (1-α)v - ε(A(θ - c) + β) + ν, θ <- θ + v, read at θ - v/2; from v = 0."""

    friction: float
    estimate: float

    @property
    def m(self):
        return RATE / 2 * np.eye(P)

    @property
    def drawn(self):
        white = 2 * self.friction * RATE * T / N - RATE**2 * self.estimate
        return RATE**2 * CS + white * np.eye(P)

    @property
    def noise(self):
        return self.drawn / 4

    @property
    def covariance(self):
        one = np.eye(P)
        kept = (1 - self.friction) * one
        pair = np.block([[one - RATE * H, kept], [-RATE * H, kept]])
        sigma = solve_discrete_lyapunov(pair, np.kron(np.ones((2, 2)), self.drawn))
        half = np.hstack([one, -one / 2])
        return half @ sigma @ half.T


def scoring(injected, damping, diagonal):
    """The recursion of Ahn et al. in our units, Î being `FISHER` or its diagonal."""
    fisher = np.diag(np.diag(FISHER)) if diagonal else FISHER
    e = injected * fisher + damping * np.eye(P)
    m = 2 * T * np.linalg.inv((T + N / B - 1) * fisher + e)
    return Recursion(m, m @ e @ m.T / N)


def fixed_scoring(task, injected, damping, diagonal=False):
    sampler = sgfs.build(
        task,
        batch_size=B,
        injected=injected,
        damping=damping,
        temperature=T,
        diagonal=diagonal,
    )
    fisher = jnp.asarray(np.diag(FISHER) if diagonal else FISHER)
    memory = sgfs.Memory(fisher, jnp.asarray(AGES, jnp.int32))
    return sampler._replace(init=lambda position: sgfs.State(position, memory))


def fixed_psgld(task):
    sampler = psgld.build(
        task, learning_rate=RATE, batch_size=B, temperature=T, smoothing=1 - 1e-12, damping=0.2
    )
    memory = psgld.Memory(jnp.asarray(SQUARE), jnp.zeros(0))
    return sampler._replace(init=lambda position: psgld.State(position, memory))


def momentum(task, estimate=0.0):
    return sghmc.build(
        task,
        learning_rate=RATE,
        friction=0.3,
        batch_size=B,
        temperature=T,
        noise_estimate=estimate,
    )


D = np.diag(1 / (0.2 + np.sqrt(SQUARE)))
CASES = {
    "sgd": (
        lambda task: sgd.build(task, learning_rate=RATE, batch_size=B),
        Recursion(RATE * np.eye(P), 0 * H),
    ),
    "sgld": (
        lambda task: sgld.build(task, learning_rate=RATE, batch_size=B, temperature=T),
        Recursion(RATE * np.eye(P), 2 * RATE * T / N * np.eye(P)),
    ),
    "sghmc": (momentum, WithMomentum(0.3, 0.0)),
    "sghmc, noise estimated": (lambda task: momentum(task, 0.08), WithMomentum(0.3, 0.08)),
    "sgfs": (lambda task: fixed_scoring(task, 0.5, 0.0), scoring(0.5, 0.0, False)),
    "sgfs, white noise": (lambda task: fixed_scoring(task, 0.0, 0.7), scoring(0.0, 0.7, False)),
    "sgfs, diagonal": (
        lambda task: fixed_scoring(task, 0.5, 0.7, diagonal=True),
        scoring(0.5, 0.7, True),
    ),
    "psgld": (fixed_psgld, Recursion(RATE * D, 2 * RATE * T / N * D)),
}


def whitened(draws, mean, covariance):
    """Of covariance I, if they have that one."""
    return np.linalg.solve(np.linalg.cholesky(covariance), (draws - mean)[..., None])[..., 0]


@pytest.mark.parametrize("name", CASES)
def test_an_update_has_the_moments_of_its_recursion(x64, assert_moments, name):
    build, recursion = CASES[name]
    sampler = build(problem())
    start = {"w": jnp.asarray(CENTRE + np.array([1.0, -2.0, 0.5]))}
    state = sampler.init(start)
    draws = jax.jit(jax.vmap(lambda key: sampler.step(key, state)[0].position["w"]))(
        jax.random.split(jax.random.key(0), 20_000)
    )
    mean = start["w"] - recursion.m @ H @ (start["w"] - CENTRE)
    assert_moments(whitened(draws, mean, recursion.noise), np.zeros(P), np.eye(P))


@pytest.mark.parametrize("name", ["sgld", "sghmc, noise estimated"])
def test_a_chain_has_the_covariance_of_its_recursion(least_squares, chains, assert_moments, name):
    build, recursion = CASES[name]
    draws = chains(build(least_squares(H, POINTS)), START, n=2000, burn_in=60, samples=8, every=5)
    assert_moments(whitened(draws, CENTRE, recursion.covariance), np.zeros(P), np.eye(P))


@pytest.mark.parametrize("name", CASES)
def test_the_prediction_is_the_recursions_temperature(x64, name):
    build, recursion = CASES[name]
    sampler = build(problem())
    position = {"w": jnp.asarray(CENTRE)}
    memory = getattr(sampler.init(START), "memory", ()) or None
    got = diagnostics.predicted_temperature(sampler, position, memory)
    expected = np.sort(np.linalg.eigvals(N * H @ recursion.covariance).real)
    assert got.temperature.value == pytest.approx(expected.mean(), rel=1e-7)
    np.testing.assert_allclose(got.directions, expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["sgld", "sghmc, noise estimated", "sgfs"])
def test_probes_find_what_the_matrices_say(x64, name):
    build, recursion = CASES[name]
    sampler = build(problem())
    position = {"w": jnp.asarray(CENTRE)}
    memory = getattr(sampler.init(START), "memory", ()) or None
    exact = diagnostics.predicted_temperature(sampler, position, memory)
    got = diagnostics.predicted_temperature(sampler, position, memory, dense=False, probes=200)
    expected = N * np.trace(H @ recursion.covariance) / P
    off = abs(got.temperature.value - expected)
    assert off < 4.5 * got.temperature.standard_error + 2e-3 * expected
    assert got.temperature.standard_error < 0.2 * expected
    assert got.spectral_radius == pytest.approx(exact.spectral_radius, rel=1e-5)


def test_temperatures_along_an_axis_are_their_closed_forms(least_squares, x64):
    """(T + ετs/2)/(1 - εa/2); with a momentum T + ετs/2α for all ε below 2(2 - α)/a.

    BlackJAX's order of the momentum has its bound at ε = α/a.
    """
    a, alpha = 0.5, 0.5
    s, tau = a**2, 4 * (4 - 2) / (2 * (4 - 1))
    task = least_squares(a * np.eye(1), np.array([[-1.0], [1.0], [-1.0], [1.0]]))
    point = {"w": jnp.zeros(1)}

    def told(sampler):
        return diagnostics.predicted_temperature(sampler, point)

    for rate in (0.2, 3.0):
        hot = rate * tau * s / 2
        cold = told(sgd.build(task, learning_rate=rate, batch_size=2))
        assert cold.temperature.value == pytest.approx(hot / (1 - rate * a / 2))
        warm = told(sgld.build(task, learning_rate=rate, batch_size=2, temperature=0.3))
        assert warm.temperature.value == pytest.approx((0.3 + hot) / (1 - rate * a / 2))
    for rate in (0.2, 5.8):
        got = told(sghmc.build(task, learning_rate=rate, friction=alpha, batch_size=2))
        assert got.temperature.value == pytest.approx(1 + rate * tau * s / (2 * alpha))
        pair = np.array([[1 - rate * a, 1 - alpha], [-rate * a, 1 - alpha]])
        assert got.spectral_radius == pytest.approx(np.abs(np.linalg.eigvals(pair)).max())
        assert got.spectral_radius < 1
    got = told(sghmc.build(task, learning_rate=6.2, friction=alpha, batch_size=2))
    assert np.isinf(got.temperature.value)
    assert got.spectral_radius > 1


def mirrored():
    """Every x twice, with labels 0 and 1: A = F = S at 0."""
    x = np.repeat(np.random.default_rng(0).normal(size=(50, 3)), 2, axis=0)
    return Task(
        lambda p, x: jnp.stack([jnp.zeros(len(x)), x @ p["w"]], axis=1), x, np.arange(100) % 2
    )


@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_fisher_scoring_is_exact_on_a_gaussian_whatever_noise_it_adds(x64, temperature):
    """Where Î = A = S N/(N-1); and without noise it is NGD at ε = 2T/(T + N/B - 1)."""
    task, b = mirrored(), 20
    # A larger by N/(N-1), by a regulariser that knows no examples.
    a = np.asarray(task.x).T @ np.asarray(task.x) / 400
    task = task._replace(
        regulariser=lambda params: params["w"] @ jnp.asarray(a) @ params["w"] / (2 * 99)
    )
    memory = sgfs.Memory(jnp.asarray(a) * 100 / 99, jnp.asarray(AGES, jnp.int32))
    for injected in (0.0, 0.5, 30.0):
        sampler = sgfs.build(
            task, batch_size=b, injected=injected, damping=0.0, temperature=temperature
        )
        got = diagnostics.predicted_temperature(sampler, START, memory)
        np.testing.assert_allclose(got.directions, temperature, rtol=1e-6)
        assert diagnostics.nominal_temperature(sampler.settings) == temperature
    rate = 2 * temperature / (temperature + 100 / b - 1)
    plain = stochastic_ngd.build(
        gradient_covariance(task), learning_rate=rate * 99 / 100, damping=0.0, batch_size=b
    )
    key = jax.random.key(3)
    sampler = sgfs.build(task, batch_size=b, injected=0.0, damping=0.0, temperature=temperature)
    theirs, _ = plain.step(key, plain.init(START))
    ours, _ = sampler.step(key, sgfs.State(START, memory))
    np.testing.assert_allclose(ours.position["w"], theirs.position["w"], rtol=1e-6)


@pytest.mark.parametrize("diagonal", [False, True])
def test_fisher_scoring_averages_the_minibatches_covariances(x64, diagonal):
    """Against NumPy: Î_t = (1 - 1/t)Î_{t-1} + V_t/t with V_t's B - 1, then the published update."""
    task = problem()
    sampler = sgfs.build(
        task, batch_size=B, injected=0.5, damping=0.2, temperature=T, diagonal=diagonal
    )
    state = sampler.init({"w": jnp.ones(P)})
    w, seen = np.ones(P), []
    for number in range(3):
        key = jax.random.key(number)
        key_batch, key_noise = jax.random.split(key)
        rows = (w - POINTS[np.asarray(minibatch.draw(key_batch, N, B))]) @ H
        seen.append(np.cov(rows, rowvar=False))
        fisher = np.mean(seen, axis=0)
        fisher = np.diag(np.diag(fisher)) if diagonal else fisher
        e = 0.5 * fisher + 0.2 * np.eye(P)
        zeta = np.linalg.cholesky(e / N) @ np.asarray(jax.random.normal(key_noise, (P,)))
        gamma = T + N / B - 1
        w = w - 2 * T * np.linalg.solve(gamma * fisher + e, rows.mean(axis=0) + zeta)
        state, info = sampler.step(key, state)
        np.testing.assert_allclose(state.position["w"], w, rtol=1e-9)
    assert int(state.memory.updates) == 3
    assert np.isfinite(info.mean_cost)


def test_sgd_is_natural_gradient_descent_with_the_identity(constant, x64):
    task = problem()
    natural = stochastic_ngd.build(
        constant(task, np.eye(P)), learning_rate=RATE, damping=0.0, batch_size=B
    )
    plain = sgd.build(task, learning_rate=RATE, batch_size=B)
    cold = sgld.build(task, learning_rate=RATE, batch_size=B, temperature=0.0)
    key, start = jax.random.key(5), {"w": jnp.ones(P)}
    expected, _ = natural.step(key, natural.init(start))
    for sampler in (plain, cold):
        got, _ = sampler.step(key, sampler.init(start))
        np.testing.assert_allclose(got.position["w"], expected.position["w"], rtol=1e-12)
        nominal = diagnostics.nominal_temperature(sampler.settings)
        assert nominal == pytest.approx(RATE / 2 * (N / B - 1))
    # Beside noise of its own that of the minibatches is not what is asked for.
    warm = sgld.build(task, learning_rate=RATE, batch_size=B, temperature=T)
    assert diagnostics.nominal_temperature(warm.settings) == T


def test_an_update_of_sgld_is_blackjaxs(x64):
    """Its step is ε/N, and its gradient that of N/B times the minibatch's log density."""
    task, start = problem(), {"w": jnp.ones(P)}
    sampler = sgld.build(task, learning_rate=RATE, batch_size=B, temperature=T)
    key = jax.random.key(2)
    key_batch, key_noise = jax.random.split(key)
    indices = minibatch.draw(key_batch, N, B)

    def log_likelihood(params, x):
        return -task.likelihood.losses(task.logits(params, x[None]), jnp.zeros(1, int))[0]

    estimator = blackjax.sgmcmc.gradients.grad_estimator(lambda params: 0.0, log_likelihood, N)
    theirs = blackjax.sgld(estimator).step(key_noise, start, task.x[indices], RATE / N, T)
    ours, info = sampler.step(key, sampler.init(start))
    np.testing.assert_allclose(ours.position["w"], theirs["w"], rtol=1e-10)
    assert float(info.weight) == 1
    assert int(ours.done) == 1


def test_momenta_are_blackjaxs_where_its_gradient_is_taken_after_the_move(x64):
    """Algorithm 2 of Chen et al.: θ <- θ + hp, then p by the gradient at the new θ."""
    task, start = problem(), {"w": jnp.ones(P)}
    h, alpha, estimate = np.sqrt(RATE / N), 0.3, 0.08
    sampler = momentum(task, estimate)
    state = sampler.init(start)
    # β of BlackJAX is N²V̂/T², its α ours over h.
    integrate = blackjax.sgmcmc.diffusions.sghmc(alpha / h, estimate * N**2 / T**2)
    theta, p = start, {"w": jnp.zeros(P)}
    for number in range(4):
        key = jax.random.key(number)
        key_batch, key_noise = jax.random.split(key)
        moved = {"w": theta["w"] + h * p["w"]}
        slope = gradient(task, moved, minibatch.draw(key_batch, N, B))
        theta, p = integrate(key_noise, theta, p, {"w": -N * slope}, h, T)
        state, _ = sampler.step(key, state)
        half = theta["w"] + h * p["w"] / 2
        np.testing.assert_allclose(state.momentum, h * p["w"], rtol=1e-9)
        np.testing.assert_allclose(state.position["w"], half, rtol=1e-9)


def test_a_falling_step_weighs_its_draws_by_itself(least_squares):
    """v <- (1-ε_t a)²v + ε_t²cs + 2ε_tT/N from the start; averages have the weights ε_t.

    With B = 1 c is 1.
    """
    x = np.array([[-1.0], [1.0]] * 6)
    task = least_squares(np.eye(1), x)
    schedule = sgld.polynomial(1.0, 2.0, 0.8)
    sampler = sgld.build(task, learning_rate=schedule, batch_size=1, temperature=0.1)
    samples = ngd.sample(
        jax.random.key(0), sampler, {"w": jnp.zeros(1)}, chains=1000, burn_in=3, draws=30, thin=2
    )
    v, moments, weights = 0.0, [], []
    for number in range(63):
        rate = 1.0 * (2 + number) ** -0.8
        v = (1 - rate) ** 2 * v + rate**2 * 1.0 + 2 * rate * 0.1 / N
        if number >= 3 and (number - 3) % 2 == 1:
            moments.append(v)
            weights.append(rate)
    np.testing.assert_allclose(samples.statistics["weight"][0], weights, rtol=1e-5)
    squares = np.asarray(samples.draws["w"][..., 0], float) ** 2

    def z(weights, expected):
        found = np.average(squares, axis=1, weights=weights)
        return (found.mean() - expected) / (found.std(ddof=1) / np.sqrt(len(found)))

    exact = np.average(moments, weights=weights)
    assert abs(z(weights, exact)) < 4.5
    # A lost weight would show.
    assert abs(z(np.ones(30), exact)) > 9
    assert abs(samples.measured.value - N * exact) < 4.5 * samples.measured.standard_error
    collected = diagnostics.measured_temperature(
        sampler, samples.draws, weights=samples.statistics["weight"]
    )
    assert samples.measured == pytest.approx(collected, rel=1e-3)
    assert samples.asked == 0.1
    assert samples.predicted is None


def test_a_schedules_chain_has_no_prediction_and_says_why(least_squares):
    sampler = sgld.build(
        least_squares(H, POINTS), learning_rate=lambda done: 0.1 / (1 + done), batch_size=B
    )
    with pytest.raises(ValueError, match=r"learning_rate must be a number .* got a schedule"):
        diagnostics.predicted_temperature(sampler, START)


def test_predictions_have_the_weights_of_their_draws(toy, x64):
    """Streamed and collected, against NumPy; equal weights are none."""
    task, params = toy("softmax")
    sampler = sgld.build(
        task, learning_rate=optax.linear_schedule(0.5, 0.1, 4), batch_size=B, temperature=1.0
    )
    with pytest.warns(ngd.CalibrationWarning):
        samples = ngd.sample(
            jax.random.key(1), sampler, params, chains=2, burn_in=0, draws=5,
            predict=task.x[:4], labels=task.y[:4],
        )  # fmt: skip
    weights = np.asarray(samples.statistics["weight"])
    np.testing.assert_allclose(weights[0], [0.5, 0.4, 0.3, 0.2, 0.1], rtol=1e-6)
    outputs = np.asarray(ngd.predictive.outputs(task, samples.draws, task.x[:4]))
    p = np.exp(outputs) / np.exp(outputs).sum(axis=-1, keepdims=True)
    expected = np.log(np.einsum("cd,cdnk->nk", weights / weights.sum(), p))
    streamed = ngd.predictive.log_probabilities(samples.ensemble)
    np.testing.assert_allclose(streamed, expected, rtol=1e-5)
    at = np.arange(4), np.asarray(task.y[:4])
    density = ngd.predictive.log_density(task, samples.draws, task.x[:4], task.y[:4], weights)
    np.testing.assert_allclose(density, expected[at], rtol=1e-9)
    single = np.einsum("cd,cdn->", weights / weights.sum(), -np.log(p[:, :, *at])) / 4
    scores = ngd.predictive.scores(samples.ensemble, task.y[:4])
    assert float(scores.single_cross_entropy) == pytest.approx(single, rel=1e-5)
    equal = ngd.predictive.log_density(task, samples.draws, task.x[:4], task.y[:4])
    ones = ngd.predictive.log_density(task, samples.draws, task.x[:4], task.y[:4], np.ones((2, 5)))
    np.testing.assert_allclose(ones, equal, rtol=1e-9)
    for call in (
        lambda: ngd.predictive.log_density(task, samples.draws, task.x, task.y, np.ones(5)),
        lambda: diagnostics.measured_temperature(sampler, samples.draws, weights=np.ones(5)),
    ):
        with pytest.raises(ValueError, match=r"weights must have the draws' shape \(2, 5\)"):
            call()


def test_preconditioned_sgld_is_the_published_update(toy, x64):
    """Against NumPy, with a regulariser, which V does not see."""
    task, params = toy("logistic")
    task = task._replace(regulariser=ngd.l2(0.3))
    x, y, n = np.asarray(task.x), np.asarray(task.y), task.examples
    sampler = psgld.build(
        task, learning_rate=0.2, batch_size=4, temperature=T, smoothing=0.9, damping=0.05
    )
    state, w, v = sampler.init(params), np.asarray(params["w"]), np.zeros(3)
    for number in range(3):
        key = jax.random.key(number)
        key_batch, key_noise = jax.random.split(key)
        chosen = np.asarray(minibatch.draw(key_batch, n, 4))
        p = 1 / (1 + np.exp(-x[chosen] @ w))
        mean = x[chosen].T @ (p - y[chosen]) / 4
        v = 0.9 * v + 0.1 * mean**2
        d = 1 / (0.05 + np.sqrt(v))
        z = np.asarray(jax.random.normal(key_noise, (3,)))
        w = w - 0.2 * d * (mean + 0.3 * w) + np.sqrt(2 * 0.2 * T / n * d) * z
        state, _ = sampler.step(key, state)
        np.testing.assert_allclose(state.position["w"], w, rtol=1e-9)
        np.testing.assert_allclose(state.memory.square, v, rtol=1e-9)


def test_the_drift_is_the_slope_of_the_whole_metric(toy, x64):
    """dD_k/dω_k by finite differences, once V has long been at one position."""
    task, params = toy("logistic")
    task = task._replace(regulariser=ngd.l2(0.3))
    metric = psgld.gradient_squares(task, task.examples, 0.5, True)
    memory = metric.init(params)
    for _ in range(60):
        _, memory = metric.factor(jax.random.key(0), params, memory)
    x, y, w = np.asarray(task.x), np.asarray(task.y), np.asarray(params["w"])

    def inverse(w):
        return 1 / (0.05 + np.abs(x.T @ (1 / (1 + np.exp(-x @ w)) - y) / len(x)))

    steps = 1e-6 * np.eye(3)
    expected = [(inverse(w + e)[k] - inverse(w - e)[k]) / 2e-6 for k, e in enumerate(steps)]
    np.testing.assert_allclose(psgld.drift(memory, 0.05), expected, rtol=1e-5)
    assert not psgld.drift(metric.init(params), 0.05).any()


SPREAD, LEAST = 0.04, 0.1
"""T/N, and λ, in one dimension, C/N = ω²/2, so that V = ω² for α = 0."""

GRID = np.linspace(-1.4, 1.4, 281)


def stationary(rate, correction):
    """E ω² of psgld's own chain in one dimension, by its transition matrix."""
    d = 1 / (LEAST + np.abs(GRID))
    mean = GRID - rate * d * GRID - correction * rate * SPREAD * np.sign(GRID) * d**2
    variance = 2 * rate * SPREAD * d
    kernel = np.exp(-((GRID[:, None] - mean) ** 2) / (2 * variance))
    kernel = np.linalg.matrix_power(kernel / kernel.sum(axis=0), 4096)
    density = kernel @ np.full(len(GRID), 1 / len(GRID))
    return density @ GRID**2


def tilted(power):
    """E ω² under e^{-C/T}(λ + |ω|)^power, by quadrature."""
    density = np.exp(-(GRID**2) / (2 * SPREAD)) * (LEAST + np.abs(GRID)) ** power
    return density @ GRID**2 / density.sum()


@pytest.mark.parametrize("correction", [False, True])
def test_preconditioned_sgld_weighs_the_density_by_its_metric_unless_corrected(
    least_squares, chains, z_scores, correction
):
    """E ω² is 0.04 of e^{-C/T}, and 0.0646 with the metric λ + √V: far apart."""
    task = least_squares(np.eye(1), np.zeros((25, 1)))
    rate = 0.01
    sampler = psgld.build(
        task,
        learning_rate=rate,
        batch_size=25,
        smoothing=0.0,
        damping=LEAST,
        correction=correction,
    )
    draws = chains(sampler, {"w": jnp.full(1, 0.2)}, n=4000, burn_in=200, samples=4, every=40)
    squares = (draws[..., 0] ** 2).mean(axis=1)
    assert np.abs(z_scores(squares, stationary(rate, correction))).max() < 4.5
    small = stationary(0.00125, correction)
    assert small == pytest.approx(tilted(0 if correction else 1), rel=0.015)


SAMPLED = {
    "sghmc": lambda task: sghmc.build(task, learning_rate=0.2, friction=0.3, batch_size=B),
    "sgfs": lambda task: sgfs.build(task, batch_size=B, injected=1.0, damping=1.0),
    "psgld": lambda task: psgld.build(task, learning_rate=0.2, batch_size=B, damping=0.1),
}


@pytest.mark.parametrize("name", SAMPLED)
def test_the_entry_point_runs_them_and_says_that_they_are_hot(least_squares, name):
    """Measured and predicted agree; where T is asked for, minibatches that heat are named."""
    sampler = SAMPLED[name](least_squares(H, POINTS))
    with pytest.warns(ngd.CalibrationWarning) as warned:
        samples = ngd.sample(
            jax.random.key(0), sampler, START, chains=60, burn_in=200, draws=60, thin=3
        )
    if name != "psgld":
        assert "makes it hotter than its own noise alone would" in str(warned[0].message)
    off = samples.measured.value - samples.predicted.temperature.value
    # Of a metric that moves with the chain.
    bias = 0 if name == "sghmc" else 0.1 * samples.measured.value
    assert abs(off) < 4.5 * samples.measured.standard_error + bias
    assert not samples.statistics["diverging"].any()


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda t: sgd.build(t, learning_rate=0.1, batch_size=13), r"batch_size must .* 1\.\.12"),
        (
            lambda t: sgd.build(t, learning_rate=0.1, batch_size=jnp.asarray(3)),
            r"batch_size must .* 1\.\.12",
        ),
        (
            lambda t: sgld.build(t, learning_rate=lambda done: 0.0, batch_size=3),
            r"learning_rate\(0\) must be > 0",
        ),
        (lambda t: sgld.polynomial(0.1, 1.0, 0.5), r"gamma must be in \(0\.5, 1\], got 0\.5"),
        (
            lambda t: sghmc.build(t, learning_rate=0.1, friction=1.5, batch_size=3),
            r"friction must be in \(0, 1\], got 1\.5",
        ),
        (
            lambda t: sghmc.build(
                t, learning_rate=0.1, friction=0.3, batch_size=3, noise_estimate=0.6
            ),
            r"noise_estimate must be <= .* = 0\.5, got 0\.6",
        ),
        (
            lambda t: sgfs.build(t, batch_size=1, injected=1.0, damping=1.0),
            "batch_size must be a whole number >= 2",
        ),
        (
            lambda t: sgfs.build(t, batch_size=3, injected=1.0, damping=0.0).init(START),
            r"damping must be > 0 where batch_size \(3\) .* parameters \(3\)",
        ),
        (
            lambda t: psgld.build(t, learning_rate=0.1, batch_size=3, smoothing=1.0),
            r"smoothing must be in \[0, 1\)",
        ),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_line(least_squares, unchecked, build, says):
    with pytest.raises(ValueError, match=says):
        build(least_squares(H, POINTS))
