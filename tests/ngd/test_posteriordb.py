"""Eight regressions of posteriordb, whose scale is learnt, against its reference draws.

Their folder is named by POSTERIORDB_DIR; without it they are skipped.
"""

import json
import os
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ngd
from ngd import likelihood
from ngd.metrics import exact_fisher

FOLDER = os.environ.get("POSTERIORDB_DIR", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="POSTERIORDB_DIR names no folder")


class Regression(NamedTuple):
    """A regression y ~ Normal(Xβ, σ).

    Attributes:
        x: the design matrix.
        y: the numbers.
        log_prior_sd: of σ, without constants.
        prior_sd: of each β; None where it is flat.
    """

    x: np.ndarray
    y: np.ndarray
    log_prior_sd: object
    prior_sd: float | None = None


def flat(sd):
    return 0 * sd


def half_cauchy(sd):
    return -jnp.log1p((sd / 2.5) ** 2)


def half_normal(sd):
    return -0.5 * (sd / 10) ** 2


def columns(*values):
    return np.column_stack([np.broadcast_to(value, np.shape(values[-1])) for value in values])


def ar5(d):
    y, order = d["y"], int(d["K"])
    lagged = [y[order - k : len(y) - k] for k in range(1, order + 1)]
    return Regression(columns(1, *lagged), y[order:], half_cauchy, 10.0)


def earnings(d):
    z = (d["height"] - d["height"].mean()) / d["height"].std(ddof=1)
    return Regression(columns(1, z, d["male"], z * d["male"]), np.log(d["earn"]), flat)


def mesquite(d):
    names = ("diam1", "diam2", "canopy_height", "total_height", "density", "group")
    return Regression(columns(1, *(d[name] for name in names)), d["weight"], flat)


def logvash(d):
    area = d["diam1"] * d["diam2"]
    shape, tall = np.log(d["diam1"] / d["diam2"]), np.log(d["total_height"])
    x = columns(1, np.log(area * d["canopy_height"]), np.log(area), shape, tall, d["group"])
    return Regression(x, np.log(d["weight"]), flat)


def nes(d):
    ages = [(d["age_discrete"] == age).astype(float) for age in (2, 3, 4)]
    more = (d["educ1"], d["gender"], d["income"])
    return Regression(columns(1, d["real_ideo"], d["race_adj"], *ages, *more), d["partyid7"], flat)


def interaction(d):
    hs, iq = d["mom_hs"], d["mom_iq"]
    return Regression(columns(1, hs, iq, hs * iq), d["kid_score"], half_cauchy)


REGRESSIONS = {
    "arK-arK": ar5,
    "earnings-logearn_interaction_z": earnings,
    "kidiq-kidscore_interaction": interaction,
    "kidiq-kidscore_momiq": lambda d: Regression(
        columns(1, d["mom_iq"]), d["kid_score"], half_cauchy
    ),
    "mesquite-logmesquite_logvash": logvash,
    "mesquite-mesquite": mesquite,
    "nes1980-nes": nes,
    "sblri-blr": lambda d: Regression(d["X"], d["y"], half_normal, 10.0),
}
RATE = 0.05
TESTED = 0.8
"""ε of the sampler with a Metropolis test, which needs not be small."""


CORRECTED = ("mesquite-logmesquite_logvash", "mesquite-mesquite", "sblri-blr")
"""Of 46 to 100 examples: the corrected sampler takes a minute or more on the others."""

TESTED_ON = ("arK-arK", "mesquite-logmesquite_logvash", "sblri-blr")


@pytest.mark.parametrize(
    ("name", "sampler"),
    [(name, "langevin") for name in REGRESSIONS]
    + [(name, "riemannian_langevin") for name in CORRECTED]
    + [(name, "mala") for name in TESTED_ON],
)
def test_means_and_deviations_are_those_of_the_reference_draws(x64, unchecked, name, sampler):
    """β by least squares' own scale, σ by its logarithm: any ε then suits all directions."""
    held = json.loads((Path(FOLDER) / f"{name}.json").read_text())
    of = REGRESSIONS[name]({key: np.asarray(value) for key, value in held["data"].items()})
    n, p = of.x.shape
    least, *_ = np.linalg.lstsq(of.x, of.y, rcond=None)
    residual = np.std(of.y - of.x @ least)
    scale = residual * np.linalg.cholesky(np.linalg.inv(of.x.T @ of.x))

    def natural(w):
        return least + scale @ w[:p], np.log(residual) + w[p] / np.sqrt(2 * n)

    def outputs(w, x):
        beta, log_sd = natural(w)
        return jnp.stack([x @ beta, jnp.full(len(x), log_sd)], axis=1)

    def regulariser(w):
        beta, log_sd = natural(w)
        log_prior = of.log_prior_sd(jnp.exp(log_sd)) + log_sd  # the Jacobian of the logarithm
        if of.prior_sd:
            log_prior -= 0.5 * jnp.sum((beta / of.prior_sd) ** 2)
        return -log_prior / n

    task = ngd.Task(outputs, of.x, of.y, regulariser, likelihood.gaussian_with_scale)
    built = {
        "riemannian_langevin": lambda: ngd.riemannian_langevin(
            exact_fisher(task), learning_rate=RATE, damping=0.0
        ),
        # Each direction has unit curvature in C, 1/N in C/N.
        "langevin": lambda: ngd.langevin(task, learning_rate=RATE * n),
        "mala": lambda: ngd.mala(task, learning_rate=TESTED * n),
    }[sampler]()
    found = ngd.sample(
        jax.random.key(0), built, jnp.zeros(p + 1), chains=40, burn_in=200, draws=400,
        thin=2 if sampler == "mala" else 8,
        keep=lambda w: jnp.append(natural(w)[0], jnp.exp(natural(w)[1])),
    )  # fmt: skip
    draws = np.asarray(found.draws)
    mean, sd = (np.array(held["reference"][key]) for key in ("mean", "sd"))
    error = np.hypot(draws.mean(axis=1).std(axis=0, ddof=1) / np.sqrt(len(draws)), sd / 100)
    assert np.abs((draws.mean(axis=(0, 1)) - mean) / error).max() < 4
    # At ε = 0.05 a chain without a test is 1/(1 - ε/2) hot: its deviations are 1.3% too large.
    np.testing.assert_allclose(draws.reshape(-1, p + 1).std(axis=0), sd, rtol=0.05)
    hot = 1.0 if sampler == "mala" else 1 / (1 - RATE / 2)
    assert found.measured.value == pytest.approx(hot, abs=0.04)
    if sampler == "mala":
        assert 0.4 < found.statistics["acceptance_rate"].mean() < 0.95
