"""Each sampler's stationary distribution where it is known exactly at finite ε.

On a quadratic cost with a constant metric G a sampler is the recursion
ω' = ω - ε G⁻¹(A(ω - c) + noise), whose covariance S solves the Lyapunov equation
S = KSKᵀ + ε² G⁻¹ E[noise noiseᵀ] G⁻¹ with K = I - ε G⁻¹A.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov
from scipy.optimize import minimize

from ngd.metrics import exact_fisher
from ngd.metrics.metric import memoryless
from ngd.samplers import full_ngd, langevin, mandt, preconditioned_langevin, stochastic_ngd
from ngd.task import Task

CURVATURE = np.array([[1.0, 0.4, 0.0], [0.4, 0.8, -0.2], [0.0, -0.2, 0.5]])
CENTRE = np.array([1.0, -2.0, 0.5])
N = 50
ROWS = np.array([[1.0, 0.5, 0.0], [0.0, 0.7, -0.3], [0.2, 0.0, 0.9], [0.1, 0.1, 0.4]])
DAMPING = 0.2
METRIC = ROWS.T @ ROWS + DAMPING * np.eye(3)
START = {"w": jnp.zeros(3)}
CHAINS = dict(n=2000, samples=10, every=5)


def lyapunov(curvature, metric, learning_rate, noise):
    """The recursion's covariance, in numpy."""
    inverse = np.linalg.inv(metric)
    return solve_discrete_lyapunov(
        np.eye(len(metric)) - learning_rate * inverse @ curvature,
        learning_rate**2 * inverse @ noise @ inverse,
    )


def gaussian_noise(metric, learning_rate, temperature):
    """E[ααᵀ] of eq. (4)."""
    return 2 * temperature / (learning_rate * N) * metric


@pytest.mark.parametrize("temperature", [0.25, 1.0, 4.0])
def test_langevin_has_the_covariance_of_its_recursion(
    gaussian, chains, assert_moments, temperature
):
    algorithm = langevin.build(
        gaussian(CURVATURE, CENTRE, N), learning_rate=0.4, temperature=temperature
    )
    draws = chains(algorithm, START, burn_in=150, **CHAINS)
    noise = gaussian_noise(np.eye(3), 0.4, temperature)
    assert_moments(draws, CENTRE, lyapunov(CURVATURE, np.eye(3), 0.4, noise))


@pytest.mark.parametrize("temperature", [0.25, 1.0, 4.0])
def test_preconditioned_langevin_has_the_covariance_of_its_recursion(
    gaussian, constant, chains, assert_moments, temperature
):
    task = gaussian(CURVATURE, CENTRE, N)
    algorithm = preconditioned_langevin.build(
        constant(task, ROWS), learning_rate=0.3, damping=DAMPING, temperature=temperature
    )
    draws = chains(algorithm, START, burn_in=150, **CHAINS)
    noise = gaussian_noise(METRIC, 0.3, temperature)
    assert_moments(draws, CENTRE, lyapunov(CURVATURE, METRIC, 0.3, noise))


@pytest.mark.parametrize("sampler", ["langevin", "preconditioned_langevin"])
def test_deviations_scale_with_the_root_of_the_temperature(
    gaussian, constant, chains, x64, sampler
):
    """The same key at T: every deviation from the minimum is √T times that at T = 1."""
    task = gaussian(CURVATURE, CENTRE, N)

    def deviations(temperature):
        if sampler == "langevin":
            algorithm = langevin.build(task, learning_rate=0.4, temperature=temperature)
        else:
            metric = constant(task, ROWS)
            algorithm = preconditioned_langevin.build(
                metric, learning_rate=0.3, damping=DAMPING, temperature=temperature
            )
        return chains(algorithm, {"w": jnp.asarray(CENTRE)}, n=20, burn_in=30) - CENTRE

    unit = deviations(1.0)
    assert np.abs(unit).max() > 0.1
    for temperature in (0.0, 3.0):
        np.testing.assert_allclose(
            deviations(temperature), np.sqrt(temperature) * unit, rtol=1e-8, atol=1e-12
        )


def test_identity_metric_makes_preconditioned_langevin_langevin(
    gaussian, constant, chains, assert_moments
):
    """The same exact covariance, which is none of the anisotropic metric's."""
    task = gaussian(CURVATURE, CENTRE, N)
    exact = lyapunov(CURVATURE, np.eye(3), 0.4, gaussian_noise(np.eye(3), 0.4, 1.0))
    plain = langevin.build(task, learning_rate=0.4)
    identity = preconditioned_langevin.build(
        constant(task, np.eye(3)), learning_rate=0.4, damping=0.0
    )
    damping = preconditioned_langevin.build(
        constant(task, np.zeros((1, 3))), learning_rate=0.4, damping=1.0
    )
    for seed, algorithm in enumerate((plain, identity, damping)):
        draws = chains(algorithm, START, burn_in=150, seed=seed, **CHAINS)
        assert_moments(draws, CENTRE, exact)


def test_identity_metric_moves_like_langevin_when_the_noise_is_off(gaussian, constant, x64):
    task = gaussian(CURVATURE, CENTRE, N)
    key, position = jax.random.key(0), {"w": jnp.ones(3)}
    plain = langevin.build(task, learning_rate=0.4, temperature=0.0)
    identity = preconditioned_langevin.build(
        constant(task, np.eye(3)), learning_rate=0.4, damping=0.0, temperature=0.0
    )
    a, _ = plain.step(key, plain.init(position))
    b, _ = identity.step(key, identity.init(position))
    np.testing.assert_allclose(a.position["w"], b.position["w"], rtol=1e-12)


def test_halving_the_learning_rate_halves_the_bias(gaussian, chains):
    """Towards e^{-C/T}, whose variance along an axis of curvature a is T/(Na).

    The recursion's variance is that over 1 - εa/2, so the ratio of biases is 2 to first
    order, and exactly 2 (1 - εa/4)/(1 - εa/2).
    """
    task = gaussian(np.eye(3), CENTRE, N)
    target, biases, errors = 1 / N, [], []
    for learning_rate, every in ((0.4, 5), (0.2, 10)):
        algorithm = langevin.build(task, learning_rate=learning_rate)
        draws = chains(algorithm, START, n=3000, burn_in=150, samples=40, every=every)
        squares = ((draws - CENTRE) ** 2).mean(axis=(1, 2)) / target
        biases.append(squares.mean() - 1)
        errors.append(squares.std() / np.sqrt(len(squares)))
    assert biases[1] > 20 * errors[1]
    ratio = 2 * (1 - 0.4 / 4) / (1 - 0.4 / 2)
    z = (biases[0] - ratio * biases[1]) / np.hypot(errors[0], ratio * errors[1])
    assert abs(z) < 4.5


POINTS = np.random.default_rng(11).normal(size=(12, 3)) * [1.0, 0.5, 2.0]


def batch_noise(batch, curvature):
    """E[ββᵀ] of the least-squares task: (1/B - 1/N) N/(N-1) HΣ_xH."""
    n = len(POINTS)
    sigma = curvature @ np.cov(POINTS, rowvar=False, bias=True) @ curvature
    return (1 / batch - 1 / n) * n / (n - 1) * sigma


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_stochastic_ngd_has_the_covariance_of_its_recursion(
    least_squares, constant, chains, assert_moments, batch
):
    task = least_squares(CURVATURE, POINTS)
    algorithm = stochastic_ngd.build(
        constant(task, ROWS), learning_rate=0.3, damping=DAMPING, batch_size=batch
    )
    draws = chains(algorithm, START, burn_in=150, **CHAINS)
    expected = lyapunov(CURVATURE, METRIC, 0.3, batch_noise(batch, CURVATURE))
    assert_moments(draws, POINTS.mean(axis=0), expected)


def test_preconditioned_langevin_of_minibatches_has_the_covariance_of_its_recursion(
    least_squares, constant, chains, assert_moments
):
    task, n = least_squares(CURVATURE, POINTS), len(POINTS)
    algorithm = preconditioned_langevin.build(
        constant(task, ROWS), learning_rate=0.3, damping=DAMPING, temperature=2.0, batch_size=3
    )
    draws = chains(algorithm, START, burn_in=150, **CHAINS)
    noise = 2 * 2.0 / (0.3 * n) * METRIC + batch_noise(3, CURVATURE)
    assert_moments(draws, POINTS.mean(axis=0), lyapunov(CURVATURE, METRIC, 0.3, noise))


@pytest.mark.parametrize("size", [0, len(POINTS) + 1])
def test_a_batch_of_preconditioned_langevin_that_is_none_is_refused(least_squares, constant, size):
    metric = constant(least_squares(CURVATURE, POINTS), ROWS)
    with pytest.raises(ValueError, match="batch_size must be"):
        preconditioned_langevin.build(metric, learning_rate=0.3, damping=0.1, batch_size=size)


@pytest.mark.parametrize("batch", [2, 6])
@pytest.mark.parametrize("damping", [0.0, 0.5])
def test_mandts_sampler_has_the_covariance_of_its_recursion(
    least_squares, chains, assert_moments, batch, damping
):
    task = least_squares(CURVATURE, POINTS)
    algorithm = mandt.build(task, learning_rate=0.05, batch_size=batch, damping=damping)
    draws = chains(algorithm, START, n=1500, burn_in=300, samples=5, every=20)
    sigma = CURVATURE @ np.cov(POINTS, rowvar=False, bias=True) @ CURVATURE
    metric = sigma + damping * np.eye(3)
    # The slowest direction has forgotten the start.
    rates = np.linalg.eigvals(np.linalg.inv(metric) @ CURVATURE).real * 0.05
    assert np.exp(-300 * rates.min()) < 1e-3
    expected = lyapunov(CURVATURE, metric, 0.05, batch_noise(batch, CURVATURE))
    assert_moments(draws, POINTS.mean(axis=0), expected)


@pytest.mark.parametrize("batch", [2, 6])
def test_mandts_sampler_approaches_the_posterior_at_the_temperature_of_theorem_2(
    least_squares, chains, z_scores, batch
):
    """S -> T (NH)⁻¹ as ε -> 0, T = (ε/2)(N/B - 1), up to the finite set's N/(N-1)."""
    n, rate = len(POINTS), 0.05
    curvature = np.eye(3)
    task = least_squares(curvature, POINTS)
    algorithm = mandt.build(task, learning_rate=rate, damping=0.0, batch_size=batch)
    draws = chains(algorithm, START, n=2000, burn_in=400)
    temperature = rate / 2 * (n / batch - 1) * n / (n - 1)
    sigma = np.cov(POINTS, rowvar=False, bias=True)
    apart = draws[:, 0] - POINTS.mean(axis=0)
    # With H = I a principal axis of variance s is contracted at rate ε/s: bias 1 - ε/2s.
    variances, axes = np.linalg.eigh(sigma)
    squares = (apart @ axes) ** 2 * (1 - rate / (2 * variances))
    assert np.exp(-400 * rate / variances.max()) < 1e-2
    assert np.abs(z_scores(squares, temperature / n)).max() < 4.5


def binary(examples=40, seed=3):
    """Data of two-dimensional logistic regression whose labels its model has drawn."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(examples, 2))
    y = (rng.random(examples) < 1 / (1 + np.exp(-x @ [1.5, -0.5]))).astype(int)
    return x, y


def logistic_task(x, y):
    return Task(
        lambda p, x: jnp.stack([jnp.zeros(len(x)), x @ p["w"]], axis=1),
        jnp.asarray(x, float),
        jnp.asarray(y),
    )


def logistic_recursion(kind, x, y, learning_rate, damping, batch, n_chains, steps, seed):
    """Eqs (8), (11) and (15) for logistic regression, in numpy and double precision."""
    rng = np.random.default_rng(seed)
    n = len(y)
    w = np.zeros((n_chains, 2))
    eye = np.eye(2)
    for _ in range(steps):
        p = 1 / (1 + np.exp(-w @ x.T))
        gradients = (p - y)[:, :, None] * x
        mean = gradients.mean(axis=1)
        if kind == "mandt":
            metric = np.einsum("cni,cnj->cij", gradients, gradients) / n
            metric = metric - mean[:, :, None] * mean[:, None, :] + damping * eye
        else:
            metric = np.einsum("cn,ni,nj->cij", p * (1 - p), x, x) / n + damping * eye
        if kind == "langevin":
            root = np.linalg.cholesky(metric) * np.sqrt(2 / (learning_rate * n))
            drift = mean + np.einsum("cij,cj->ci", root, rng.normal(size=w.shape))
        else:
            chosen = np.argsort(rng.random((n_chains, n)), axis=1)[:, :batch]
            drift = np.take_along_axis(gradients, chosen[:, :, None], axis=1).mean(axis=1)
        w = w - learning_rate * np.linalg.solve(metric, drift[:, :, None])[:, :, 0]
    return w


@pytest.mark.parametrize("kind", ["langevin", "ngd", "mandt"])
def test_a_metric_that_varies_gives_the_distribution_of_the_recursion_in_numpy(
    chains, kind, z_scores
):
    """Logistic regression, exact Fisher or gradient covariance: two samples, one law."""
    x, y = binary()
    task = Task(
        lambda p, x: jnp.stack([jnp.zeros(len(x)), x @ p["w"]], axis=1),
        jnp.asarray(x, jnp.float32),
        jnp.asarray(y),
    )
    if kind == "langevin":
        algorithm = preconditioned_langevin.build(
            exact_fisher(task), learning_rate=0.2, damping=0.05
        )
    elif kind == "ngd":
        algorithm = stochastic_ngd.build(
            exact_fisher(task), learning_rate=0.2, damping=0.05, batch_size=4
        )
    else:
        algorithm = mandt.build(task, learning_rate=0.2, batch_size=4, damping=0.05)
    ours = chains(algorithm, {"w": jnp.zeros(2)}, n=4000, burn_in=60)[:, 0]
    theirs = logistic_recursion(kind, x, y, 0.2, 0.05, 4, 4000, 61, 0)

    def moments(w):
        return np.stack([w[:, 0], w[:, 1], w[:, 0] ** 2, w[:, 0] * w[:, 1], w[:, 1] ** 2], axis=1)

    a, b = moments(ours), moments(theirs)
    z = (a.mean(0) - b.mean(0)) / np.sqrt((a.var(0) + b.var(0)) / 4000)
    assert np.abs(z).max() < 4.5


def transition(learning_rate, w):
    """Eq. (4) for C = ω²/2, G = 1 + ω², N = T = 1: its density from each w to each w'."""
    metric = 1 + w**2
    mean, variance = w - learning_rate * w / metric, 2 * learning_rate / metric
    density = np.exp(-((w[:, None] - mean) ** 2) / (2 * variance)) / np.sqrt(variance)
    return density / density.sum(axis=0)


def second_moment(learning_rate):
    """E[ω²] of the stationary distribution of eq. (4), by quadrature."""
    w = np.linspace(-7, 7, 401)
    matrix = np.linalg.matrix_power(transition(learning_rate, w), 4096)
    density = matrix @ np.full(len(w), 1 / len(w))
    return density @ w**2


def test_a_metric_that_varies_weighs_the_density_by_itself_not_by_its_root(
    gaussian, chains, z_scores
):
    """In one dimension eq. (4) samples e^{-C/T} |G|, where Theorem 1 says |G|^{1/2}.

    The noise of an update is drawn at the metric before it (Itô), and the appendix changes
    variables as if it were drawn half way. E[ω²] tells them apart: it is 2 for |G| and 1.5
    for |G|^{1/2} here.
    """
    task = gaussian(np.eye(1), np.zeros(1), 1)
    varying = memoryless(task, lambda rng_key, position: jnp.stack([jnp.ones(1), position["w"]]))
    algorithm = preconditioned_langevin.build(varying, learning_rate=0.1, damping=0.0)
    draws = chains(algorithm, {"w": jnp.zeros(1)}, n=10000, burn_in=300)
    assert np.abs(z_scores(draws[:, 0] ** 2, second_moment(0.1))).max() < 4.5
    # As ε -> 0, by extrapolation; the next term is of the order ε².
    assert 2 * second_moment(0.05) - second_moment(0.1) == pytest.approx(2, abs=0.1**2)


def test_ngd_converges_to_the_minimum_that_lbfgs_finds(x64):
    x, y = binary()
    task = Task(
        lambda p, x: jnp.stack([jnp.zeros(len(x)), x @ p["w"]], axis=1),
        jnp.asarray(x),
        jnp.asarray(y),
    )
    algorithm = full_ngd.build(exact_fisher(task), learning_rate=0.5, damping=1e-3)
    state, step = algorithm.init({"w": jnp.zeros(2)}), jax.jit(algorithm.step)
    for _ in range(80):
        state, _ = step(jax.random.key(0), state)
    signs = 2 * y - 1
    cost = lambda w: np.logaddexp(0, -signs * (x @ w)).mean()  # noqa: E731
    best = minimize(cost, np.zeros(2), method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-9})
    # A numerical gradient's minimum is known to the root of the rounding.
    np.testing.assert_allclose(state.position["w"], best.x, atol=1e-6)
