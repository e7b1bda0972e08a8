"""The numbers of docs/results.md are those of the archived tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT / "results/reference/paper"
TEXT = " ".join((ROOT / "docs/results.md").read_text(encoding="utf-8").split())


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
    curve = {n: means("fig7b", N=n, learning_rate=0.2)["mean"][1.0] for n in (1024, 4096, 8192)}
    told = ", ".join(f"{value:.3f}" for value in curve.values())
    yield f"({told} at T = 1 for N = 1024, 4096, 8192)"


@pytest.mark.parametrize("part", [fig1, figs2_to_4, fig7])
def test_each_number_is_in_the_text_as_the_tables_have_it(part):
    for told in part():
        assert told in TEXT
