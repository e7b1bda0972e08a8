"""The temperature that was asked for is the one sampled, or a warning names why it is not."""

import re
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests import scripts
from tests.gold import moments, nuts

import ngd

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENT = (ROOT / "docs" / "library" / "diagnostics.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def benchmark():
    return scripts.load("benchmarks/calibration.py")


def test_the_readmes_example_samples_what_nuts_samples(capsys):
    pytest.importorskip("arviz", reason="the example asks ArviZ for R-hat and ESS")
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error", ngd.CalibrationWarning)
        exec(example, names)  # a text of this repository
    assert "temperature: 1.0" in capsys.readouterr().out
    samples, task = names["samples"], names["task"]
    origin, unravel = jax.flatten_util.ravel_pytree(names["params"])
    unseen = names["x"][names["held_out"]][:5]

    def quantities(flat):
        """The parameters, and the log odds of inputs that they were not trained on."""
        logits = names["logits"](unravel(flat), unseen)
        return jnp.concatenate([flat, logits[:, 1] - logits[:, 0]])

    def of(flat):
        return np.asarray(jax.vmap(jax.vmap(quantities))(jnp.asarray(flat)), float)

    flat = jax.vmap(jax.vmap(lambda p: jax.flatten_util.ravel_pytree(p)[0]))(samples.draws)
    n = len(quantities(origin))
    ours, our_error = moments(of(flat))
    theirs, their_error = moments(of(nuts(task, names["params"], 16, 300)))
    # Beside chance: a finite step widens variances by 1/(1 - ε/2), where λ = δ as here.
    ours[n:] *= 1 - 0.05 / 2
    z = (ours - theirs) / np.hypot(our_error, their_error)
    # By Welch at least 15 degrees of freedom, for 22 quantities: beyond 5 once in 300.
    assert np.abs(z).max() < 5
    # The test has power: the errors are small against the deviations.
    assert (our_error[n:] < 0.1 * theirs[n:]).all()
    scores = ngd.predictive.scores(samples.ensemble, names["y"][names["held_out"]])
    assert scores.ensemble_cross_entropy < np.log(2) - 0.1


@pytest.mark.parametrize(
    ("name", "sampler"),
    [
        ("logistic, misspecified", "calibrated_batch"),
        ("logistic, separable", "Theorem 2"),
    ],
)
def test_a_chain_is_at_its_temperature_or_told_why_not(benchmark, name, sampler):
    (case,) = (c for c in benchmark.cases() if c.name == name and sampler in c.sampler)
    assert_told(benchmark.row(case, chains=8, draws=100))


def assert_told(row):
    """Within a tenth of T and silent; or not, and told so by a cause."""
    measured, error = (float(part) for part in row["measured T"].split(" ± "))
    predicted = float(row["predicted T"]) if row["predicted T"] else np.inf
    off = max(abs(measured - 1) - 3 * error, abs(predicted - 1) - 0.1)
    if row["warned"] == "no":
        assert abs(measured - 1) < max(0.1, 3 * error)
        assert error < 0.1
        assert abs(predicted - 1) < 0.11
    else:
        assert off > 0 or not error <= 0.1 or abs(measured - 1) > 0.09
        assert len(row["warned"]) > 20


def test_each_row_of_the_table_keeps_the_promise():
    table = re.search(r"calibration: begin -->\n(.*?)<!--", DOCUMENT, re.DOTALL).group(1)
    head, _, *lines = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
    )
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    assert len({row["task"] for row in rows}) >= 10
    sizes = sorted(int(row["P"]) for row in rows)
    assert sizes[0] <= 6
    assert sizes[-1] >= 10_000
    for row in rows:
        assert_told(row)
    assert 4 <= sum(row["warned"] == "no" for row in rows) < len(rows)
