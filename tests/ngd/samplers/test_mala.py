"""The samplers with a Metropolis test: exact at any ε, so they are tested at a large one."""

import warnings

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import ngd
from ngd.metrics import exact_fisher, sampled_fisher
from ngd.metrics.metric import memoryless
from ngd.samplers import langevin, mala, preconditioned_langevin, riemannian_mala
from ngd.task import Task, l2

DAMPING, N = 0.3, 12
RATE = 1.3
KINDS = ["mala", "simplified", "full"]


def logits(params, x):
    return jnp.stack([jnp.zeros(len(x)), x @ params["w"]], axis=1)


def data(p):
    rng = np.random.default_rng(5)
    return rng.normal(size=(N, p)), rng.integers(0, 2, N)


def task_of(p):
    return Task(logits, *data(p), l2(0.1))


def built(task, kind, rate=RATE, temperature=1.0, k=0.0):
    if kind == "mala":
        return mala.build(task, learning_rate=rate, temperature=temperature)
    return riemannian_mala.build(
        exact_fisher(task),
        learning_rate=rate,
        damping=DAMPING,
        temperature=temperature,
        prior_exponent=k,
        simplified=kind == "simplified",
    )


class Plain:
    """Target and proposal of logistic regression with a regulariser, in numpy."""

    def __init__(self, kind, temperature, k, p=3):
        self.kind, self.t, self.k = kind, temperature, k
        self.x, self.y = data(p)

    def metric(self, w):
        """G, and its slope along each parameter."""
        if self.kind == "mala":
            return np.eye(len(w)), np.zeros((len(w),) * 3)
        q = 1 / (1 + np.exp(-self.x @ w))
        f = (self.x.T * (q * (1 - q))) @ self.x / N
        slope = np.einsum("n,ni,nj,nk->ijk", q * (1 - q) * (1 - 2 * q), *[self.x] * 3) / N
        return f + DAMPING * np.eye(len(w)), slope

    def log_target(self, w):
        margin = self.x @ w
        cost = np.logaddexp(0, margin).sum() - self.y @ margin + 0.05 * N * w @ w
        return -cost / self.t + self.k * np.linalg.slogdet(self.metric(w)[0])[1]

    def log_proposal(self, there, here):
        g, slope = self.metric(here)
        m = np.linalg.inv(g)
        q = 1 / (1 + np.exp(-self.x @ here))
        mean = here - RATE * m @ (self.x.T @ (q - self.y) / N + 0.1 * here)
        if self.kind == "full":
            divergence = -m @ np.einsum("ijk,jk->i", slope, m)
            prior = self.k * m @ np.einsum("jk,jki->i", m, slope)
            mean = mean + RATE * self.t / N * (divergence + prior)
        return stats.multivariate_normal(mean, 2 * RATE * self.t / N * m).logpdf(there)

    def log_ratio(self, there, here):
        forth = self.log_target(here) + self.log_proposal(there, here)
        return self.log_target(there) + self.log_proposal(here, there) - forth


CASES = [("mala", 1.7, 0.0), ("simplified", 1.7, 0.0), ("simplified", 0.6, 0.7), ("full", 1.7, 0.7)]


@pytest.mark.parametrize(("kind", "temperature", "k"), CASES)
def test_detailed_balance_holds_at_each_pair_of_points(x64, kind, temperature, k):
    """π(x)q(x→y)a(x→y) is the same the other way round, with π and q by numpy and scipy."""
    plain, task = Plain(kind, temperature, k), task_of(3)
    sampler = built(task, kind, temperature=temperature, k=k)
    proposal = mala.Proposal(RATE, temperature, N, k)
    rng = np.random.default_rng(0)
    at = jax.jit(lambda w: sampler.init({"w": w}).place)
    sizes = []
    for _ in range(12):
        x, y = rng.normal(size=(2, 3))
        here, there = at(jnp.asarray(x)), at(jnp.asarray(y))
        forth = float(proposal.log_acceptance(here, there, jnp.asarray(y - x)))
        back = float(proposal.log_acceptance(there, here, jnp.asarray(x - y)))
        left = plain.log_target(x) + plain.log_proposal(y, x) + min(forth, 0)
        right = plain.log_target(y) + plain.log_proposal(x, y) + min(back, 0)
        assert left == pytest.approx(right, abs=1e-10 * max(1, abs(left)))
        sizes.append(abs(forth))
    assert max(sizes) > 1


@pytest.mark.parametrize(("kind", "temperature", "k"), CASES[::3])
def test_a_step_takes_its_proposal_as_often_as_it_says(x64, kind, temperature, k):
    plain, task = Plain(kind, temperature, k), task_of(3)
    sampler = built(task, kind, temperature=temperature, k=k)
    start = np.array([1.5, -0.4, 0.8])
    state = sampler.init({"w": jnp.asarray(start)})
    steps = jax.jit(jax.vmap(lambda key: sampler.step(key, state)))
    there, info = steps(jax.random.split(jax.random.key(0), 4000))
    positions, acceptance = np.asarray(there.position["w"]), np.asarray(info.acceptance)
    taken = (positions != start).any(axis=1)
    for w, told in list(zip(positions[taken], acceptance[taken], strict=True))[:20]:
        assert told == pytest.approx(np.exp(min(plain.log_ratio(w, start), 0)), rel=1e-9)
    z = (taken - acceptance).sum() / np.sqrt((acceptance * (1 - acceptance)).sum())
    assert abs(z) < 4.5
    assert 0.1 < taken.mean() < 0.95
    np.testing.assert_allclose(info.length, np.linalg.norm(positions - start, axis=1), rtol=1e-12)


def quadrature(kind, temperature, k):
    """A grid, the distribution function of one weight on it, and 4000 of its quantiles."""
    plain, grid = Plain(kind, temperature, k, p=1), np.linspace(-12, 12, 2001)
    log_p = np.array([plain.log_target(np.array([w])) for w in grid])
    cdf = np.cumsum(np.exp(log_p - log_p.max()))
    return grid, cdf / cdf[-1], np.interp((np.arange(4000) + 0.5) / 4000, cdf / cdf[-1], grid)


def after(build, temperatures, starts):
    """Where 12 steps lead from each start, a row of them for each temperature."""

    def chain(temperature, key, w):
        sampler = build(temperature)
        keys = jax.random.split(key, 12)
        start = sampler.init({"w": w[None]})
        end, info = jax.lax.scan(lambda s, key: sampler.step(key, s), start, keys)
        return end.position["w"][0], jnp.asarray(info.acceptance).mean()

    keys = jax.random.split(jax.random.key(1), starts.shape)
    many = jax.jit(jax.vmap(jax.vmap(chain, (None, 0, 0))))
    return many(jnp.asarray(temperatures), keys, jnp.asarray(starts))


@pytest.mark.parametrize("kind", KINDS)
def test_exact_draws_stay_exact_on_one_weight_by_quadrature(x64, kind):
    """Of e^{-C/T}|G|^k, at a step at which the sampler without the test is measurably off."""
    task, k, rate = task_of(1), 0.0 if kind == "mala" else 0.5, 6.0 if kind == "mala" else 1.2
    temperatures = np.array([1.0, 2.0])
    exact = [quadrature(kind, t, k) for t in temperatures]
    starts = np.stack([quantiles for _, _, quantiles in exact])

    def p_values(found):
        law = lambda grid, cdf: lambda v: np.interp(v, grid, cdf)  # noqa: E731
        return [
            stats.kstest(np.asarray(w), law(grid, cdf)).pvalue
            for w, (grid, cdf, _) in zip(found, exact, strict=True)
        ]

    w, acceptance = after(lambda t: built(task, kind, rate, t, k), temperatures, starts)
    assert 0.2 < acceptance.mean() < 0.9
    assert min(p_values(w)) > 1e-3
    if kind == "mala":
        plain = lambda t: langevin.build(task, learning_rate=rate, temperature=t)  # noqa: E731
    else:
        plain = lambda t: preconditioned_langevin.build(  # noqa: E731
            exact_fisher(task), learning_rate=rate, damping=DAMPING, temperature=t
        )
    assert max(p_values(after(plain, temperatures, starts)[0])) < 1e-6


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_exact_draws_of_a_quadratic_keep_their_moments(gaussian, x64, assert_moments, temperature):
    """N(c, (T/N) A⁻¹) at εa up to 1.5, where the sampler without the test has 4 times T."""
    a = np.array([[1.0, 0.3], [0.3, 0.5]])
    centre = np.array([1.0, -2.0])
    task = gaussian(a, centre, 20)
    sampler = mala.build(
        task, learning_rate=1.5 / np.linalg.eigvalsh(a)[1], temperature=temperature
    )
    covariance = temperature / 20 * np.linalg.inv(a)
    start = np.random.default_rng(3).multivariate_normal(centre, covariance, 6000)

    @jax.jit
    @jax.vmap
    def chain(key, w):
        keys = jax.random.split(key, 10)
        step = lambda s, key: sampler.step(key, s)  # noqa: E731
        end, info = jax.lax.scan(step, sampler.init({"w": w}), keys)
        return end.position["w"], info.acceptance.mean()

    draws, acceptance = chain(jax.random.split(jax.random.key(0), 6000), jnp.asarray(start))
    assert_moments(draws, centre, covariance)
    whitened = (np.asarray(draws) - centre) @ np.linalg.cholesky(np.linalg.inv(covariance))
    assert stats.kstest(whitened.ravel(), "norm").pvalue > 1e-3
    assert 0.2 < acceptance.mean() < 0.9
    hot = langevin.build(
        task, learning_rate=1.5 / np.linalg.eigvalsh(a)[1], temperature=temperature
    )
    predicted = ngd.diagnostics.predicted_temperature(hot, {"w": jnp.asarray(centre)})
    assert predicted.directions[1] == pytest.approx(4 * temperature, rel=1e-9)


@pytest.mark.parametrize("simplified", [True, False])
def test_the_curvature_as_metric_has_the_acceptance_of_its_closed_form(
    gaussian, constant, x64, simplified
):
    """With G = A a proposal is z' = (1-ε)z + (2ε)^{1/2}ξ, and ln a = (ε/4)(|z|² - |z'|²)."""
    p, rate, n = 8, 0.7, 4000
    rows = np.random.default_rng(0).normal(size=(p, p)) + 2 * np.eye(p)
    task = gaussian(rows.T @ rows, np.zeros(p), 30)
    sampler = riemannian_mala.build(
        constant(task, rows),
        learning_rate=rate,
        damping=0.0,
        temperature=2.0,
        simplified=simplified,
    )
    z = np.random.default_rng(1).normal(size=(n, p))
    start = np.linalg.solve(rows, z.T).T * np.sqrt(2.0 / 30)

    @jax.jit
    @jax.vmap
    def step(key, w):
        return sampler.step(key, sampler.init({"w": w}))[1].acceptance

    found = np.asarray(step(jax.random.split(jax.random.key(0), n), jnp.asarray(start)))
    other = (1 - rate) * z + np.sqrt(2 * rate) * np.random.default_rng(2).normal(size=(n, p))
    expected = np.minimum(1, np.exp(rate / 4 * ((z**2).sum(1) - (other**2).sum(1))))
    error = np.sqrt((found.var() + expected.var()) / n)
    assert abs(found.mean() - expected.mean()) < 4.5 * error
    assert 0.2 < found.mean() < 0.8


def test_the_identity_has_blackjaxs_acceptance(x64):
    """`blackjax.mala` with steps ε/N, at T = 1."""
    task = task_of(3)
    theirs = blackjax.mala(lambda w: ngd.log_density(task, {"w": w}), RATE / N)
    ours, proposal = built(task, "mala"), mala.Proposal(RATE, 1.0, N)
    start = jnp.array([1.5, -0.4, 0.8])
    begun, compared = theirs.init(start), 0
    for key in jax.random.split(jax.random.key(0), 30):
        state, info = theirs.step(key, begun)
        if not info.is_accepted:
            continue
        here, there = (ours.init({"w": w}).place for w in (start, state.position))
        log_ratio = float(proposal.log_acceptance(here, there, state.position - start))
        assert np.exp(min(log_ratio, 0)) == pytest.approx(float(info.acceptance_rate), rel=1e-9)
        compared += log_ratio < 0
    assert compared > 3


def test_the_full_drift_is_that_of_riemannian_langevin(x64):
    """A proposal's mean, at which its density is greatest, is the other sampler's mean step."""
    task, w = task_of(3), jnp.array([1.5, -0.4, 0.8])
    metric = exact_fisher(task)
    for simplified, other in (
        (False, ngd.riemannian_langevin),
        (True, ngd.preconditioned_langevin),
    ):
        sampler = riemannian_mala.build(
            metric, learning_rate=RATE, damping=DAMPING, simplified=simplified
        )
        drift = sampler.init({"w": w}).place.drift
        unadjusted = other(metric, learning_rate=RATE, damping=DAMPING)
        keys = jax.random.split(jax.random.key(0), 4000)
        steps = jax.jit(jax.vmap(lambda key: unadjusted.step(key, unadjusted.init({"w": w}))[0]))  # noqa: B023
        moved = np.asarray(steps(keys).position["w"]) - np.asarray(w)
        z = (moved.mean(0) - RATE * np.asarray(drift)) / (moved.std(0) / np.sqrt(4000))
        assert np.abs(z).max() < 4.5


def test_samples_are_at_the_temperature_asked_for_and_tell_their_acceptance():
    """At a step that makes `langevin` two and a half times too hot. No warning: it is at T."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(60, 2)).astype(np.float32)
    task = Task(logits, x, rng.integers(0, 2, 60), l2(0.1))
    largest = np.linalg.eigvalsh(x.T @ x / 240 + 0.1 * np.eye(2))[1]
    sampler = ngd.mala(task, learning_rate=1.2 / largest, temperature=2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = ngd.sample(
            jax.random.key(0), sampler, {"w": jnp.zeros(2)}, chains=16, burn_in=50, draws=150,
            thin=2,
        )  # fmt: skip
    assert found.asked == 2.0
    assert found.predicted.temperature == (2.0, 0.0)
    assert np.isnan(found.predicted.spectral_radius)
    assert abs(found.measured.value - 2.0) < 4.5 * found.measured.standard_error
    assert found.measured.standard_error < 0.1
    rate = found.statistics["acceptance_rate"]
    moved = found.statistics["length"] > 0
    z = (moved - rate).sum() / np.sqrt((rate * (1 - rate)).sum())
    assert abs(z) < 4.5
    assert 0.2 < moved.mean() < 0.9
    assert not found.statistics["diverging"].any()
    plain = ngd.langevin(task, learning_rate=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = ngd.sample(jax.random.key(0), plain, {"w": jnp.zeros(2)}, burn_in=0, draws=2)
    assert np.isnan(other.statistics["acceptance_rate"]).all()


def test_a_chain_that_never_moves_is_named_with_its_cure():
    task = task_of(2)
    with pytest.warns(ngd.CalibrationWarning, match="at its own temperature .*acceptance_rate"):
        found = ngd.sample(
            jax.random.key(0), ngd.mala(task, learning_rate=1e4), {"w": jnp.ones(2)}, burn_in=5,
            draws=20,
        )  # fmt: skip
    assert (np.asarray(found.draws["w"]) == 1).all()
    assert found.statistics["acceptance_rate"].max() == 0


def test_a_start_without_a_density_or_a_metric_is_refused(x64):
    task = task_of(2)
    far = {"w": jnp.array([np.inf, 0.0])}
    with pytest.raises(ValueError, match="must have a finite cost"):
        mala.build(task._replace(regulariser=None), learning_rate=0.1).init(far)
    singular = memoryless(task, lambda key, position: jnp.array([[1.0, 0.0]]))
    with pytest.raises(ValueError, match=r"positive definite; got damping 0\.0"):
        riemannian_mala.build(singular, learning_rate=0.1, damping=0.0).init({"w": jnp.zeros(2)})


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"learning_rate": 0.0}, "learning_rate must be > 0, got 0.0"),
        ({"temperature": 0.0}, "temperature must be > 0, got 0.0"),
        ({"damping": -1.0}, "damping must be >= 0, got -1.0"),
        ({"prior_exponent": float("nan")}, "prior_exponent must be finite, got nan"),
    ],
)
def test_bad_arguments_are_named(wrong, says):
    task = task_of(2)
    with pytest.raises(ValueError, match=says):
        riemannian_mala.build(exact_fisher(task), **{"learning_rate": 0.1, "damping": 0.1, **wrong})
    if wrong.keys() <= {"learning_rate", "temperature"}:
        with pytest.raises(ValueError, match=says):
            mala.build(task, **{"learning_rate": 0.1, **wrong})


def test_a_metric_with_chance_is_refused():
    with pytest.raises(ValueError, match="must be a function of the parameters alone"):
        riemannian_mala.build(sampled_fisher(task_of(2), 5), learning_rate=0.1, damping=0.1)
