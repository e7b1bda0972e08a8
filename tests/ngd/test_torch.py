"""Against PyTorch's libraries, where they are installed: curvlinops' curvatures, posteriors' SGLD.

They are no part of the environment, since they bring a PyTorch of gigabytes: see CONTRIBUTING.md.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from ngd.metrics import empirical_fisher, exact_fisher, kfac
from ngd.samplers import langevin
from ngd.task import Task, l2

torch = pytest.importorskip("torch")
curvlinops = pytest.importorskip("curvlinops")

N, INPUTS, HIDDEN, CLASSES = 12, 3, 4, 3


def network(params, x):
    hidden = jnp.tanh(x @ params["first"]["kernel"] + params["first"]["bias"])
    return hidden @ params["second"]["kernel"] + params["second"]["bias"]


@pytest.fixture
def both(x64):
    """A network and its data, ours and PyTorch's; and where its parameters stand among ours."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(N, INPUTS)), np.arange(N) % CLASSES
    model = torch.nn.Sequential(
        torch.nn.Linear(INPUTS, HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, CLASSES)
    ).double()
    weights = [p.detach().numpy() for p in model.parameters()]
    numbered = np.split(
        np.arange(sum(w.size for w in weights)), np.cumsum([w.size for w in weights])
    )

    def ours(of):
        first, bias, second, last = of
        return {
            "first": {"kernel": first.reshape(HIDDEN, INPUTS).T, "bias": bias.reshape(-1)},
            "second": {"kernel": second.reshape(CLASSES, HIDDEN).T, "bias": last.reshape(-1)},
        }

    params = jax.tree.map(jnp.asarray, ours(weights))
    where = np.asarray(ravel_pytree(jax.tree.map(jnp.asarray, ours(numbered[:4])))[0])
    task = Task(network, jnp.asarray(x), jnp.asarray(y), l2(0.0))
    data = [(torch.tensor(x), torch.tensor(y))]
    return task, params, model, data, where


def written(operator, where):
    """A matrix of curvlinops, its rows and columns in our order."""
    matrix = (operator @ torch.eye(len(where), dtype=torch.float64)).numpy()
    return matrix[np.ix_(where, where)]


def theirs(kind, both, **more):
    _, _, model, data, where = both
    loss = torch.nn.CrossEntropyLoss()
    return written(
        getattr(curvlinops, kind)(model, loss, list(model.parameters()), data, **more), where
    )


@pytest.mark.parametrize(
    ("metric", "kind"),
    [(exact_fisher, "GGNLinearOperator"), (empirical_fisher, "EFLinearOperator")],
)
def test_a_fisher_is_that_of_curvlinops(both, metric, kind):
    task, params = both[:2]
    factor, _ = metric(task).factor(jax.random.key(0), params, metric(task).init(params))
    rows = factor.written()
    np.testing.assert_allclose(rows.T @ rows, theirs(kind, both), rtol=1e-9, atol=1e-12)


def test_the_mean_of_k_fac_over_its_labels_is_that_of_curvlinops(both):
    task, params = both[:2]
    metric, draws = kfac(task, N), 4000
    eye = jnp.eye(len(both[4]))

    @jax.jit
    @jax.vmap
    def drawn(rng_key):
        estimate, _ = metric.factor(rng_key, params, metric.init(params))
        return jax.vmap(estimate.damped(1.0).times)(eye) - eye

    found = np.asarray(drawn(jax.random.split(jax.random.key(1), draws)))
    expected = theirs(
        "KFACLinearOperator", both, fisher_type="type-2", separate_weight_and_bias=False
    )
    error = found.std(axis=0) / np.sqrt(draws)
    apart = np.abs(found.mean(axis=0) - expected)
    # Of 31 x 31 numbers, of which some are sure.
    assert (apart <= 5 * error + 1e-12).all()
    assert np.abs(expected).max() > 20 * error.max()


def test_sgld_of_posteriors_at_t_over_n_is_ours(x64):
    """Both at T/(1 - εa/2) on a quadratic, of as many axes as chains would be needed."""
    posteriors = pytest.importorskip("posteriors")
    axes, curvature, rate, temperature, updates = 20_000, 2.0, 0.3, 0.5, 60
    expected = temperature / N / (curvature * (1 - rate * curvature / 2))

    sampler = posteriors.sgmcmc.sgld.build(
        lambda w, batch: (-curvature * (w**2).sum() / 2, torch.tensor([])),
        lr=rate,
        temperature=temperature / N,
    )
    torch.manual_seed(0)
    state = sampler.init(torch.zeros(axes, dtype=torch.float64))
    for _ in range(updates):
        state, _ = sampler.update(state, None)
    task = Task(lambda w, x: jnp.zeros((len(x), 2)), np.zeros((N, 1)), [0] * N, l2(curvature))
    ours = langevin.build(task, learning_rate=rate, temperature=temperature)

    def body(state, key):
        return ours.step(key, state)[0], None

    keys = jax.random.split(jax.random.key(2), updates)
    last, _ = jax.jit(lambda: jax.lax.scan(body, ours.init(jnp.zeros(axes)), keys))()
    for found in (state.params.detach().numpy(), np.asarray(last.position)):
        assert found.var() / expected == pytest.approx(1, abs=4 * np.sqrt(2 / axes))
