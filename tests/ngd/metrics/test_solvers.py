"""The damped metric against dense linear algebra in double precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngd import hardware
from ngd.metrics import solvers
from ngd.metrics.factor import Written
from ngd.metrics.metric import as_factor

SHAPES = [(1, 5), (6, 6), (9, 4)]


def problem(m, parameters):
    """A factor U and a right-hand side v, in double precision."""
    rng = np.random.default_rng(100 * m + parameters)
    return rng.normal(size=(m, parameters)) / np.sqrt(m), rng.normal(size=parameters)


def dense(u, delta):
    return u.T @ u + delta * np.eye(u.shape[1])


def assert_solves(u, delta, v, solver, matrices=1):
    """The solution's relative error is a backward-stable solver's.

    That is a condition number, of the matrix it factorises or of the dense matrix of the
    reference, times the rounding of the matrices that it makes on the way: m + P roundings an
    entry of each (and cg's own residual of 1e-6).
    """
    solution = as_factor(jnp.asarray(u)).damped(delta).solve(jnp.asarray(v), solver).x
    assert solution.dtype == u.dtype
    exact = dense(u.astype(float), delta)
    expected = np.linalg.solve(exact, v.astype(float))
    gram = dense(u.astype(float).T, delta)
    rounding = matrices * sum(u.shape) * np.finfo(u.dtype).eps + (1e-6 if solver == "cg" else 0)
    bound = max(np.linalg.cond(exact), solver == "dual" and np.linalg.cond(gram)) * rounding
    assert np.linalg.norm(solution - expected) <= bound * np.linalg.norm(expected)


@pytest.mark.parametrize("solver", ["primal", "dual", "cg"])
@pytest.mark.parametrize("delta", [1e-4, 0.1, 10.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_solvers_are_the_dense_solve_in_double_precision(x64, shape, delta, solver):
    u, v = problem(*shape)
    assert_solves(u, delta, v, solver)


@pytest.mark.parametrize("solver", ["primal", "dual", "cg"])
@pytest.mark.parametrize("delta", [0.01, 0.1, 10.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_solvers_are_the_dense_solve_in_single_precision(shape, delta, solver):
    u, v = problem(*shape)
    assert_solves(u.astype(np.float32), delta, v.astype(np.float32), solver)


@pytest.mark.parametrize(("shape", "solver"), [((3, 7), "dual"), ((9, 4), "primal")])
def test_the_default_solver_is_the_picked_one(shape, solver):
    u, v = problem(*shape)
    default, picked = (
        as_factor(jnp.asarray(u)).damped(0.1).solve(jnp.asarray(v), s).x for s in (None, solver)
    )
    np.testing.assert_array_equal(default, picked)


@pytest.mark.parametrize("near", [2, 10, 20, 21])
@pytest.mark.parametrize("largest", [0, 1, 7, 40, 100])
def test_conjugate_gradients_keep_their_bound_whatever_preconditions_them(x64, largest, near):
    """Rows of very different norms, more of them than are chosen."""
    rng = np.random.default_rng(0)
    u = rng.normal(size=(40, 60)) * np.exp(rng.normal(size=(40, 1)) * 2)
    v = rng.normal(size=60)
    for tolerance in (1e-2, 1e-4, 1e-6):
        found = solvers.conjugate_gradients(
            as_factor(jnp.asarray(u)), 0.1, jnp.asarray(v), tolerance, largest, near
        ).x
        exact = np.linalg.solve(dense(u, 0.1), v)
        assert np.linalg.norm(found - exact) <= 1.01 * tolerance * np.linalg.norm(found)


def test_rows_that_weigh_nothing_cost_one_product_with_all_rows(x64, monkeypatch):
    """Products with all rows are counted as they are done."""
    rng = np.random.default_rng(0)
    u = rng.normal(size=(40, 60)) * np.where(np.arange(40) < 10, 1, 1e-5)[:, None]
    done = []

    def counted(factor, v):
        if factor.shape[0] == 40:
            jax.debug.callback(lambda: done.append(1))
        return factor.rows @ v

    monkeypatch.setattr(Written, "times", counted)
    v = rng.normal(size=60)
    found, iterations = solvers.conjugate_gradients(
        as_factor(jnp.asarray(u)), 0.1, jnp.asarray(v), 3e-5, 5, 10
    )
    jax.effects_barrier()
    exact = np.linalg.solve(dense(u, 0.1), v)
    assert np.linalg.norm(found - exact) <= 3e-5 * np.linalg.norm(exact)
    assert len(done) == iterations == 1


@pytest.mark.parametrize("near", [2, 100])
def test_iterations_are_the_products_with_all_rows(x64, monkeypatch, near):
    rng = np.random.default_rng(1)
    u, done = rng.normal(size=(40, 60)), []

    def counted(factor, v):
        if factor.shape[0] == 40:
            jax.debug.callback(lambda: done.append(1))
        return factor.rows @ v

    monkeypatch.setattr(Written, "times", counted)
    v = jnp.asarray(rng.normal(size=60))
    found = solvers.conjugate_gradients(as_factor(jnp.asarray(u)), 0.1, v, 3e-5, 2, near)
    jax.effects_barrier()
    assert 2 < len(done) == found.iterations
    for solver in ("primal", "dual"):
        assert as_factor(jnp.asarray(u)).damped(0.1).solve(v, solver).iterations == 0


NEARS = [1, 1536]


@pytest.mark.parametrize("near", NEARS)
def test_conjugate_gradients_of_nothing_are_nothing(near):
    solution = solvers.conjugate_gradients(
        as_factor(jnp.ones((3, 5))), 0.1, jnp.zeros(5), near=near
    ).x
    np.testing.assert_array_equal(solution, 0)


@pytest.mark.parametrize("near", NEARS)
@pytest.mark.parametrize("spoilt", ["rows", "gradient"])
def test_conjugate_gradients_end_when_a_chain_has_diverged(near, spoilt):
    rows = jnp.full((3, 5), jnp.nan if spoilt == "rows" else 1.0)
    v = jnp.full(5, jnp.nan if spoilt == "gradient" else 1.0)
    solution = solvers.conjugate_gradients(as_factor(rows), 0.1, v, near=near).x
    assert not np.isfinite(solution).any()


@pytest.mark.parametrize("solver", ["primal", "dual", "cg"])
def test_solution_satisfies_the_system_it_solves(x64, solver):
    u, v = problem(3, 7)
    solution = np.asarray(as_factor(jnp.asarray(u)).damped(0.05).solve(jnp.asarray(v), solver).x)
    residual = u.T @ (u @ solution) + 0.05 * solution - v
    assert np.linalg.norm(residual) <= 1e-6 * np.linalg.norm(v)


def test_no_damping_inverts_a_metric_of_full_rank(x64):
    u, v = problem(9, 4)
    solution = as_factor(jnp.asarray(u)).damped(0.0).solve(jnp.asarray(v)).x
    np.testing.assert_allclose(solution, np.linalg.solve(u.T @ u, v), rtol=1e-10)


def test_strong_damping_is_division_by_it(x64):
    u, v = problem(3, 7)
    solution = as_factor(jnp.asarray(u)).damped(1e8).solve(jnp.asarray(v)).x
    # The next term of the expansion in 1/δ is UᵀUv/δ².
    bound = np.linalg.norm(u, 2) ** 2 * np.linalg.norm(v) / 1e16
    assert 0 < np.linalg.norm(solution - v / 1e8) < bound


def test_eigenvalues_of_the_preconditioner_are_at_most_one_over_the_damping(x64):
    u, _ = problem(3, 7)
    solve = jax.vmap(lambda v: as_factor(jnp.asarray(u)).damped(0.2).solve(v).x)
    eigenvalues = np.linalg.eigvalsh(np.asarray(solve(jnp.eye(7))))
    assert eigenvalues.max() == pytest.approx(1 / 0.2, rel=1e-10)
    assert eigenvalues.min() > 0


@pytest.mark.parametrize(
    ("m", "parameters", "expected"),
    [
        (3, 4, "dual"),
        (4, 4, "primal"),
        (512, 10**6, "dual"),
        (513, 10**6, "cg"),
        (9999, 9, "primal"),
    ],
)
def test_the_picked_solver_factorises_the_smaller_matrix_if_any(m, parameters, expected):
    assert solvers.pick_solver(m, parameters) == expected


@pytest.mark.parametrize("shape", [(2, 4), (6, 3)])
@pytest.mark.parametrize("delta", [0.0, 0.3])
def test_noise_has_the_covariance_of_the_damped_metric(assert_moments, shape, delta):
    u, _ = problem(*shape)
    keys = jax.random.split(jax.random.key(5), 40000)
    draws = jax.vmap(lambda key: as_factor(jnp.asarray(u, jnp.float32)).damped(delta).noise(key))(
        keys
    )
    assert_moments(draws, np.zeros(shape[1]), dense(u, delta))


@pytest.mark.parametrize("delta", [1e-4, 1.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_log_determinant_is_numpys(x64, shape, delta):
    u, _ = problem(*shape)
    np.testing.assert_allclose(
        as_factor(jnp.asarray(u)).damped(delta).log_determinant(),
        np.linalg.slogdet(dense(u, delta))[1],
        rtol=1e-10,
    )


def test_log_determinant_of_a_null_metric_is_minus_infinity(x64):
    assert as_factor(jnp.zeros((2, 3))).damped(0.0).log_determinant() == -jnp.inf


@pytest.mark.parametrize("solver", ["primal", "dual", "cg", None])
@pytest.mark.parametrize("delta", [0.0, -1.0, float("nan")])
def test_a_singular_metric_without_damping_is_refused(solver, delta):
    with pytest.raises(ValueError, match=f"damping .*{delta}"):
        as_factor(jnp.ones((2, 3))).damped(delta).solve(jnp.ones(3), solver)


@pytest.mark.parametrize("solver", ["primal", "dual", "cg", None])
@pytest.mark.parametrize("delta", [-1.0, float("nan")])
def test_a_metric_with_negative_damping_is_refused(solver, delta):
    with pytest.raises(ValueError, match=f"damping .*{delta}"):
        as_factor(jnp.ones((4, 3))).damped(delta).solve(jnp.ones(3), solver)


@pytest.mark.parametrize("solver", ["dual", "cg"])
@pytest.mark.parametrize("delta", [1e-4, 0.1])
@pytest.mark.parametrize("shape", [*SHAPES, (40, 30)])
def test_solvers_of_an_accelerator_are_the_dense_solve_too(x64, accelerator, shape, delta, solver):
    u, v = problem(*shape)
    # The factor, its inverse, and a product with the inverse on each side.
    assert_solves(u, delta, v, solver, matrices=4)


def test_an_accelerator_has_one_level_of_conjugate_gradients(monkeypatch, accelerator):
    """The inner iteration, of rows that a cache holds, would leave it idle."""
    monkeypatch.setattr(solvers, "_near", None)
    u, v = problem(2 * solvers.NEAR, 5)
    assert (
        solvers.conjugate_gradients(as_factor(jnp.asarray(u)), 0.1, jnp.asarray(v)).iterations > 0
    )
    monkeypatch.setattr(hardware, "accelerated", lambda: False)
    with pytest.raises(TypeError):
        solvers.conjugate_gradients(as_factor(jnp.asarray(u)), 0.1, jnp.asarray(v))
