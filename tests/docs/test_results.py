"""The numbers of docs/results.md and docs/samplers.md are those of the archived tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT / "results/reference/paper"
TEXT = " ".join(
    " ".join((ROOT / f"docs/{page}.md").read_text(encoding="utf-8").split())
    for page in ("results", "samplers")
)


def table(name):
    return pd.read_csv(ARCHIVE / f"{name}.csv")


def means(name, metric="ensemble_cross_entropy", **where):
    """The rows of one curve, by temperature."""
    rows = table(name)
    rows = rows[rows["metric"] == metric]
    for column, value in where.items():
        rows = rows[np.isclose(rows[column], value)]
    return rows.set_index("temperature")


def in_repeats(name, temperature, **where):
    """In how many repeats the least cross entropy is at a temperature."""
    runs = table(f"{name}_runs")
    for column, value in where.items():
        runs = runs[np.isclose(runs[column], value)]
    wide = runs.pivot(index="seed", columns="temperature", values="ensemble_cross_entropy")
    return int((wide.idxmin(axis=1) == temperature).sum())


def fig1():
    ellipses = table("fig1_ellipses")
    entries = ellipses[["c11", "c12", "c12", "c22"]].to_numpy().reshape(-1, 2, 2)
    found = dict(
        zip(
            zip(ellipses["sampler"], ellipses["kind"], ellipses["seed"], strict=True),
            entries,
            strict=True,
        )
    )
    for sampler, told in (
        ("preconditioned_langevin", "is {} (long axis) and {} (short axis)"),
        ("stochastic_ngd", "NGD's is {} and {}."),
    ):
        ratios = []
        for seed in ellipses["seed"].unique():
            variances, axes = np.linalg.eigh(found[sampler, "laplace", seed])
            along = np.einsum("ia,ij,ja->a", axes, found[sampler, "iterates", seed], axes)
            ratios.append((along / variances)[::-1])
        ratios = np.array(ratios)
        errors = ratios.std(axis=0, ddof=1) / len(ratios) ** 0.5
        yield told.format(
            *(f"{m:.2f} ± {e:.2f}" for m, e in zip(ratios.mean(0), errors, strict=True))
        )


def figs2_to_4():
    for name, t, told in (
        ("fig2", 1.0, "T = 1 in Fig. 2 ({:.3f}, in {} repeats)"),
        ("fig3", 1.0, "T = 1 in Fig. 3 ({:.3f}, in {} repeats)"),
        ("fig4b", 2.0, "T = 2 in Fig. 4b (in {1} repeats)"),
    ):
        curve = means(name)["mean"]
        assert curve.idxmin() == t
        yield told.format(curve[t], in_repeats(name, t))
    yield f"T = 1.4 is so close ({means('fig2')['mean'][1.4]:.3f})"
    separable = table("separable")["separable"]
    yield f"{separable.sum()} of the {len(separable)} training sets are linearly separable"


def fig7():
    sizes = (1024, 2048, 4096, 8192, 16384)
    whole = table("fig7b")
    assert (whole["repeats"] == 3).all()
    assert sorted(whole["temperature"].unique()) == [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
    curves = {n: means("fig7b", N=n, learning_rate=0.05)["mean"] for n in sizes}
    told = ", ".join(f"{curve[1.0]:.3f}" for curve in curves.values())
    yield f"At T = 1: {told} for N = 1024, 2048, 4096, 8192, 16384"
    assert all(curve.idxmin() <= 0.2 for curve in curves.values())
    early = [100 * (curve[1.0] / curve[0.2] - 1) for curve in curves.values()]
    yield f"from T = 0.2 to 1 they rise by {early[0]:.0f} and {early[1]:.0f}%"
    yield f"larger ones by {min(early[2:]):.0f} to {max(early[2:]):.0f}%"
    of_rate = [means("fig7a", learning_rate=rate)["mean"] for rate in (0.05, 0.1, 0.2)]
    cold = pd.concat([curve[curve.index <= 1] for curve in of_rate])
    hot = [curve[10.0] for curve in of_rate]
    yield (
        f"at T <= 1 is {cold.min():.3f} to {cold.max():.3f}; at T = 10 it is {min(hot):.3f} to "
        f"{max(hot):.3f}"
    )
    judged = table("claims").set_index("claim")
    of_claims = judged.loc[["F7a-coincide", "F7b-rise", "F7b-size"], ["estimate", "low", "high"]]
    apart, bend, fall = ("{:.3f} ({:.3f} to {:.3f}".format(*ends) for ends in of_claims.to_numpy())
    yield f"difference at T <= 1 is {apart}; the claim"
    yield f"panel (a) bends by {judged['estimate']['F7a-rise']:.3f}"
    bends = {n: np.log((c[0.2] + (c[5.0] - c[0.2]) / 6) / c[1.0]) for n, c in curves.items()}
    yield f"that of panel (b) by {bend}), at N = {min(bends, key=bends.get)};"
    yield f"the least step is {fall}) nats"
    chains = pd.read_csv(ARCHIVE / "chains/fig7.csv")
    of_gpu = chains["device"] == "NVIDIA H200"
    yield f"of a GPU (an H200), {of_gpu.sum()} chains"
    assert of_gpu[chains["learning_rate"] == 0.05].all()
    dead = chains[chains["dead_at"] >= 0].groupby(["N", "learning_rate", "temperature"]).size()
    assert dead.to_dict() == {(1024, 0.2, 5.0): 5, (8192, 0.4, 0.2): 1}


def two_parameterisations():
    limits = table("figS1d").set_index(["problem", "sampler"]).loc["coin"]
    found = {name: (row["slope"], row["high"] - row["slope"]) for name, row in limits.iterrows()}
    for first, second, told in (
        ("eq8", "eq11", "it is {:.2f} ± {:.2f} for eq. (8) and {:.2f} ± {:.2f} for minibatch NGD"),
        ("langevin_jeffreys", "ngd_jeffreys", "it is {:.2f} ± {:.2f} and {:.2f} ± {:.2f}."),
    ):
        yield told.format(*found[first], *found[second])


def estimated_fisher():
    runs = table("figS2b").groupby(["labels", "smoothing"])[["ratio", "shift"]].mean()
    heat = 100 * (runs["ratio"] - 1)
    yield f"{heat[1024, 0.0]:.1f}% with 1024 sampled labels"
    yield f"{heat[512, 0.0]:.0f}% with 512, {heat[256, 0.0]:.0f}% with 256"
    yield f"{heat[64, 0.9]:.1f}% with 64"
    shifts = runs["shift"].xs(0.9, level="smoothing")
    yield f"by {-shifts.mean():.2f} standard deviations"
    assert shifts.max() - shifts.min() < 0.02


def beyond(name, other, temperature, **where):
    """By how many % scores are above another's of the same seeds, geometric mean; 95%; how many."""
    scores = []
    for sweep in (name, other):
        runs = table(f"{sweep}_runs")
        for column, value in where.items():
            runs = runs[np.isclose(runs[column], value)]
        whole = runs[np.isclose(runs["temperature"], temperature) & (runs["diverged_at"] < 0)]
        scores.append(np.log(whole.set_index(["N", "seed"])["ensemble_cross_entropy"]))
    apart = (scores[0] - scores[1]).dropna()
    ratio = np.exp(apart.mean())
    half = stats.t.ppf(0.975, len(apart) - 1) * stats.sem(apart)
    return 100 * (ratio - 1), 100 * ratio * half, len(apart)


def own_posterior():
    hmc = means("figS5_hmc")["mean"]
    assert hmc.idxmin() == 1
    yield (
        f"at T = 1: {hmc[1.0]:.3f}, against {hmc[0.5]:.3f} at T = 1/2, {hmc[2.0]:.3f} at 2 and "
        f"{hmc[0.25]:.3f} at 1/4"
    )
    rise = [100 * (hmc[t] / hmc[1.0] - 1) for t in (2.0, 4.0)]
    yield "the posterior has {:.1f}% at T = 2 and {:.0f}% at T = 4".format(*rise)
    for t in (0.5, 1.0, 2.0, 4.0):
        assert abs(beyond("figS5_again", "figS5_hmc", t)[0]) < 0.15
    assert abs(beyond("figS5_again", "figS5_hmc", 0.25)[0]) < 1
    of_ngd = beyond("figS5_ngd", "figS5_hmc", 1.0)
    yield "at T = 1 on {2} of 8 training sets, by {0:.1f} ± {1:.1f}%".format(*of_ngd)
    yield "At T = 2 it is {:.0f}% worse".format(*beyond("figS5_ngd", "figS5_hmc", 2.0))
    assert means("figS5_ngd")["mean"].idxmin() == 1
    each = [beyond("figS5_eq8", "figS5_hmc", t) for t in (0.25, 1.0, 4.0)]
    told = (
        "{:.1f} ± {:.1f}% worse at T = 1/4",
        "{:.1f} ± {:.1f}% at T = 1",
        "{:.1f} ± {:.1f}% at T",
    )
    yield from (words.format(*found) for words, found in zip(told, each, strict=True))
    assert means("figS5_eq8")["mean"].idxmin() == 0.5
    of_langevin = beyond("figS5_langevin", "figS5_hmc", 1.0)
    yield "is {:.1f} ± {:.1f}% worse at T = 1 after".format(*of_langevin)


def kfac():
    curve = means("figS6_kfac")
    assert curve["mean"].idxmin() == 1
    yield "at {mean:.3f} ± {standard_error:.3f} nats".format(**curve.loc[1.0])
    above, half, repeats = beyond("figS6_kfac", "figS5_ngd", 1.0)
    yield f"On the {repeats} sets where the Fisher's chain is whole"
    yield f"the ratio to the Fisher's is {1 + above / 100:.3f} ± {half / 100:.3f}"
    worst = table("figS6_kfac_runs").pivot(
        index="seed", columns="temperature", values="ensemble_cross_entropy"
    )
    (lost,) = worst.index[worst[0.5] > 10]
    cold, hot = worst.loc[lost, [0.5, 2.0]]
    yield f"scores {cold:.0f} nats at T = 1/2 and {hot:.0f} at T = 2"
    fisher, wide = (means(f"figS6_wide_{name}", N=4096)["mean"] for name in ("fisher", "kfac"))
    assert (fisher.idxmin(), wide.idxmin()) == (1, 2)
    yield f"least at T = 1: {fisher[1.0]:.4f} nats, but {fisher[0.5]:.4f} at T = 1/2 too"
    yield f"It rises to {fisher[2.0]:.4f} at T = 2 and {fisher[4.0]:.4f} at T = 4"
    yield f"{wide[1.0]:.4f} at T = 1, {wide[2.0]:.4f} at T = 2, {wide[4.0]:.4f} at T = 4"
    for name in ("fisher", "kfac"):
        of_fewer = means(f"figS6_wide_{name}", N=1024)
        assert (np.diff(of_fewer["mean"]) > 0).all()
        for t, told in ((0.25, "nats at T = 1/4"), (1.0, "at T = 1"), (4.0, "at T = 4")):
            yield "{mean:.3f} ± {standard_error:.3f} {told}".format(told=told, **of_fewer.loc[t])
    below, half, _ = beyond("figS6_wide_kfac", "figS6_wide_fisher", 1.0, N=1024)
    yield f"{-below:.1f} ± {half:.1f}% below the Fisher's there"
    apart, half, _ = beyond("figS6_wide_fisher", "figS6_wide_kfac", 1.0, N=4096)
    yield f"At T = 1 the two are the same to {apart:.1f} ± {half:.1f}%"


def fashion():
    names = [f"../fashion/figS6_wide_{metric}" for metric in ("fisher", "kfac")]
    for name in names:
        curve = means(name)["mean"]
        at = [f"{curve[t]:.4f}" for t in (0.5, 1.0, 2.0)]
        yield "{} nats at T = 1/2, {} at T = 1 and {} at T = 2".format(*at)
    below, half, _ = beyond(*reversed(names), 1.0)
    yield f"it is {-below:.1f} ± {half:.1f}% below the Fisher's"
    small = means("../fashion/figS5_ngd")["mean"]
    yield f"{small[0.5]:.3f}, {small[1.0]:.3f} and {small[2.0]:.3f} nats"
    small = means("../fashion/figS6_kfac")["mean"]
    yield f"{small[1.0]:.3f} at T = 1 and {small[2.0]:.3f} at T = 2"
    worst = table("../fashion/figS6_kfac_runs")
    yield f"one ensemble scores {worst['ensemble_cross_entropy'].max():.0f} nats at T = 1/2"
    judged = table("../fashion/claims").set_index("claim")
    told = judged.loc[["K-optimum", "K-same", "K-wide-fisher", "K-wide-kfac", "K-wide-same"]]
    yield "; ".join(f"{claim} {verdict}" for claim, verdict in told["verdict"].items())


PARTS = [
    fig1,
    figs2_to_4,
    fig7,
    two_parameterisations,
    estimated_fisher,
    own_posterior,
    kfac,
    fashion,
]


@pytest.mark.parametrize("part", PARTS)
def test_each_number_is_in_the_text_as_the_tables_have_it(part):
    for told in part():
        assert told in TEXT
