"""The slope between two parameterisations, where it is known."""

import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest
from tests.artifact import small

from artifact.figures.figS1d import two_parameterisations as pair
from artifact.figures.figS1d.settings_two_parameterisations import TwoParameterisationsSettings
from ngd.task import mean_cost

SETTINGS = TwoParameterisationsSettings(
    problems=["coin", "die", "logistic"],
    examples=100,
    true_norm=2.0,
    learning_rates=[0.2, 0.1, 0.05],
    batch_sizes=[20, 10, 5],
    temperature=1.0,
    burn_in=6.0,
    spacing=1.0,
    samples=10,
    chains=20,
    repeats=12,
)


MEASURED = ("eq8", "ngd_jeffreys")


@pytest.fixture(scope="module")
def problems():
    return pair.problems(SETTINGS, 1)


@pytest.fixture(scope="module")
def coin():
    """The tables of the coin alone; ε is an array there, which the shape checks do not expect."""
    jaxtyping.config.update("jaxtyping_disable", True)
    with pytest.MonkeyPatch.context() as patch:
        # Each is two programs to compile; what the others add to a step is tested below.
        patch.setattr(pair, "SAMPLERS", MEASURED)
        yield pair.run(SETTINGS.model_copy(update={"problems": ["coin"]}), 1, small.silent)
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.parametrize("name", ["coin", "die", "logistic"])
def test_both_parameterisations_are_one_model(problems, name):
    problem = problems[name]
    tasks, theta = pair.tasks(problem), problem.theta(problem.start)
    np.testing.assert_allclose(problem.omega(theta), problem.start, rtol=1e-5)
    costs = mean_cost(tasks["omega"], problem.start), mean_cost(tasks["theta"], theta)
    np.testing.assert_allclose(*costs, rtol=1e-6)
    # The least cost of a categorical label is its entropy.
    if name != "logistic":
        shares = np.array(pair.SHARES[name])
        np.testing.assert_allclose(costs[0], -shares @ np.log(shares), rtol=1e-5)
    slope = jax.grad(lambda w: mean_cost(tasks["omega"], w))(problem.start)
    np.testing.assert_allclose(slope, 0, atol=1e-4)


def test_the_jacobians_are_those_of_calculus(problems):
    p = jnp.array([0.2, 0.3])
    products = {"coin": (p[:1], 0.2 * 0.8), "die": (p, 0.2 * 0.3 * 0.5)}
    for name, (theta, product) in products.items():
        found = pair.log_jacobian(problems[name], theta)
        np.testing.assert_allclose(found, -np.log(product), rtol=1e-5)
    # |ω|² dln|ω| dφ is the area.
    found = pair.log_jacobian(problems["logistic"], jnp.array([0.7, 0.4]))
    np.testing.assert_allclose(found, 2 * 0.7, rtol=1e-5)


def test_perturbation_finds_the_slope_one_where_the_fisher_is_a_hessian_in_both(problems):
    """As `docs/theorem1.md` has it exactly; and for polar coordinates (1 - f_a/f_r)/2."""
    assert pair.leading_slope(problems["coin"]) == pytest.approx(1, rel=1e-4)
    assert pair.leading_slope(problems["die"]) == pytest.approx(1, rel=1e-4)
    problem = problems["logistic"]
    x, w = np.asarray(problem.x, float), np.asarray(problem.start, float)
    p = 1 / (1 + np.exp(-x @ w))
    inverse = np.linalg.inv((x * (p * (1 - p))[:, None]).T @ x)
    along, across = w / np.linalg.norm(w), np.array([-w[1], w[0]]) / np.linalg.norm(w)
    expected = (1 - (across @ inverse @ across) / (along @ inverse @ along)) / 2
    assert pair.leading_slope(problem) == pytest.approx(expected, rel=1e-3)


def test_a_step_moves_the_function_alike_in_both_parameterisations(problems):
    """By O(ε^½), with a difference of O(ε); and by more than that with another key."""
    for name, problem in problems.items():
        for sampler in ("eq8", "eq11"):
            steps = []
            # T = 1 needs N/B - 1 = 2T/ε: one example in the batch, at the least ε there is.
            point = pair.Point(1e-4, 0) if sampler == "eq8" else pair.Point(1e-4, 1)
            for parameterisation, task in pair.tasks(problem).items():
                inside = parameterisation == "omega"
                start = problem.start if inside else problem.theta(problem.start)
                algorithm = pair.build(sampler, task, point, 1.0)
                state, _ = jax.jit(algorithm.step)(jax.random.key(3), algorithm.init(start))
                end = state.position if inside else problem.omega(state.position)
                steps.append(np.asarray(end - problem.start, float))
            apart = np.linalg.norm(steps[1] - steps[0])
            assert apart < 0.05 * np.linalg.norm(steps[0]), (name, sampler)


def drawn(rng, add):
    """ln|dω/dθ| = -ln p(1 - p) of independent draws from Beta(20 + a, 180 + a), repeats x draws."""
    p = rng.beta(20 + add, 180 + add, size=(40, 5000))
    return -np.log(p * (1 - p))


@pytest.mark.parametrize(("omega", "theta"), [(1.0, 0.0), (0.5, 0.5), (0.0, 1.0)])
def test_the_slope_of_exact_draws_is_found(omega, theta):
    """p_ω and p_θ differ by (p(1 - p))^(a_ω - a_θ), and |dω/dθ| is the inverse of p(1 - p)."""
    rng = np.random.default_rng(2)
    found = pair.interval(pair.moments(drawn(rng, omega), drawn(rng, theta)))
    expected = omega - theta
    assert abs(found["slope"] - expected) < 4.5 * found["standard_error"]
    assert found["standard_error"] < 0.02
    # Student's t with 39 degrees of freedom.
    half = 2.0227 * found["standard_error"]
    assert found["high"] - found["slope"] == pytest.approx(half, rel=1e-3)
    assert found["slope"] - found["low"] == pytest.approx(half, rel=1e-3)


def test_the_log_ratio_of_exact_draws_is_a_line_of_that_slope():
    rng = np.random.default_rng(3)
    table = pair.density_ratio(drawn(rng, 1.0), drawn(rng, 0.0))
    # As log_jacobian is taken from the mean, the line need not go through the origin.
    weights = 1 / table["standard_error"]
    (slope, constant), covariance = np.polyfit(
        table["log_jacobian"], table["log_ratio"], 1, w=weights, cov="unscaled"
    )
    assert abs(slope - 1) < 4.5 * covariance[0, 0] ** 0.5
    miss = (table["log_ratio"] - slope * table["log_jacobian"] - constant) * weights
    # χ² of 12 degrees of freedom, at one in 100,000.
    assert (miss**2).sum() < 46.9


def test_limits_are_of_a_parabola_and_of_a_line():
    rates = np.array([0.2, 0.1, 0.05])
    found = [
        pair.Moments(np.array([1 + e - 3 * e**2, 2 - e]), np.array([4 + e, 5 - 2 * e]))
        for e in rates
    ]
    ends = pair.limit(rates, found)
    np.testing.assert_allclose(ends.difference, [1, 2])
    np.testing.assert_allclose(ends.variance, [4, 5])


def test_batches_have_the_temperature_that_is_asked_for():
    rates = {point.batch_size: point.learning_rate for point in pair.points("eq11", SETTINGS)}
    assert list(rates) == SETTINGS.batch_sizes
    for size, rate in rates.items():
        assert rate / 2 * (100 / size - 1) == pytest.approx(SETTINGS.temperature)


@pytest.mark.parametrize("sampler", [name for name in pair.SAMPLERS if "_" in name])
def test_a_corrected_sampler_adds_the_drift_of_its_exponent(problems, sampler):
    """On the coin, by hand: (εT/N)(∂F⁻¹ + k F⁻¹ ∂ln F) = (εT/N)(k - 1)(1 - 2p)/F, F = p(1 - p)."""
    noise, prior = sampler.split("_")
    task, w, rate = pair.tasks(problems["coin"])["omega"], jnp.array([-1.0]), 0.1
    point = pair.Point(rate, 0 if noise == "langevin" else 5)
    steps = []
    for name in (sampler, {"langevin": "eq8", "ngd": "eq11"}[noise]):
        algorithm = pair.build(name, task, point, 3.0)
        state, _ = jax.jit(algorithm.step)(jax.random.key(3), algorithm.init(w))
        steps.append(float(state.position[0]))
    p = 1 / (1 + np.exp(1.0))
    temperature = 3.0 if noise == "langevin" else rate / 2 * (100 / 5 - 1)
    k = {"flat": 0.0, "jeffreys": 0.5}[prior]
    expected = rate * temperature / 100 * (k - 1) * (1 - 2 * p) / (p * (1 - p))
    assert steps[0] - steps[1] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("sampler", MEASURED)
def test_only_the_jeffreys_prior_gives_both_parameterisations_the_same_functions(coin, sampler):
    """1 for eq. (8), 0 for k = 1/2; minibatches' noise has the covariance Σ, not F: O(1/N) more.

    That is, beyond the interval, the relative variance of F, p(1 - p)(1 - 2p)²/(N F²) with
    F = p(1 - p): 0.64/(100·0.09) = 0.07.
    """
    row = coin["limits"].set_index("sampler").loc[sampler]
    expected, room = {"eq8": (1, 0.0), "ngd_jeffreys": (0, 0.07)}[sampler]
    assert row["predicted"] == pytest.approx(expected, abs=1e-4)
    assert abs(row["slope"] - expected) < 4.5 * row["standard_error"] + room
    # So small that 1 and 0 cannot both pass.
    assert 2 * (4.5 * row["standard_error"] + room) < 1


def test_the_predictions_of_corrected_samplers_are_2k_less_1(problems):
    for sampler, slope in {"langevin_flat": -1, "ngd_jeffreys": 0}.items():
        assert pair.predicted(problems["logistic"], sampler) == slope


def test_the_tables_are_whole(coin):
    runs, ratios = coin["runs"], coin["ratios"]
    assert len(runs) == len(MEASURED) * (3 + 1) * SETTINGS.repeats
    assert set(runs.loc[runs["learning_rate"] == 0, "batch_size"]) == {0}
    assert len(ratios) == len(MEASURED) * pair.BINS
    assert np.isfinite(runs.select_dtypes(float)).all(axis=None)
    # The mean over repeats of the limits' slopes is the limit.
    ends = runs[runs["learning_rate"] == 0].groupby("sampler")["slope"].mean()
    limits = coin["limits"].set_index("sampler")["slope"]
    np.testing.assert_allclose(ends.loc[limits.index], limits)


def test_a_diverged_chain_is_an_error_that_names_it():
    bad = {pair.Point(0.1, 0): (np.ones((2, 3)), np.array([[1, np.nan, 1], [1, 1, 1]]))}
    with pytest.raises(FloatingPointError, match=r"of eq8 on coin .* learning_rate = 0\.1"):
        pair.refuse_diverged(bad, "coin", "eq8")


def test_numbers_of_labels_that_are_not_whole_are_refused():
    with pytest.raises(ValueError, match="multiple of 10, got 15"):
        pair.categorical((0.9, 0.1), 15)


def test_an_unknown_sampler_is_refused(problems):
    task = pair.tasks(problems["coin"])["omega"]
    with pytest.raises(ValueError, match=r"sampler must be one of eq8, .*, got 'hmc_flat'"):
        pair.build("hmc_flat", task, pair.Point(0.1, 0), 1.0)
