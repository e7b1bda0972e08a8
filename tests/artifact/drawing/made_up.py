"""Made-up tables of every figure, each row with a value of its own, and what a figure shows."""

import itertools
from importlib import import_module

import numpy as np
import pandas as pd
from matplotlib.container import ErrorbarContainer

from artifact import catalogue
from artifact.drawing import style
from artifact.figures.figS4 import draw_figS4, draw_figS4b
from artifact.records import tables

STAMP = style.Stamp("smoke", "made up")
TEMPERATURES = (0.0625, 0.25, 1.0, 4.0)


def sweep(examples=(1024,), rates=(0.125,), number=0.0, diverged=False, dead=False, high=5.0):
    """A sweep's table. The ensemble is best at T = 1; `number` tells one table from another."""
    rows = []
    for (i, n), (j, rate), t in itertools.product(
        enumerate(examples), enumerate(rates), TEMPERATURES
    ):
        for metric in tables.METRICS:
            level = 1 + np.log(t) ** 2 / 10 + 0.01 * i + 0.02 * j + 0.001 * number
            if metric.endswith("accuracy"):
                level = 0.5 + 0.01 * np.log(t) + 0.001 * (i + j + number)
            single = high * t if metric == "single_cross_entropy" else 0.0
            single += 0.1 * (metric == "single_accuracy")
            lost = (diverged or dead) and t == 4.0
            rows.append(
                {
                    "N": n,
                    "learning_rate": rate,
                    "temperature": t,
                    "batch_size": round(rate * n / (2 * t)),
                    "metric": metric,
                    "mean": np.nan if lost else level + single,
                    "standard_error": np.nan if lost else 0.02 + 0.001 * t,
                    "repeats": 0 if lost else 3,
                    "diverged": 3 if diverged and lost else 0,
                    "dead": 3 if dead and lost else 0,
                }
            )
    return pd.DataFrame(rows)


def prior():
    """Fig. 4a's."""
    rows = [
        {"damping": d, "norm": w, "mean": -w * (1 - d), "standard_error": 0.1 + d, "repeats": 3}
        for d in (1e-4, 1e-2)
        for w in (0, 8, 16)
    ]
    return pd.DataFrame(rows)


def fig1():
    """Its iterates and ellipses, of two data sets."""
    rng = np.random.default_rng(0)
    iterates, ellipses = [], []
    for i, sampler in enumerate(("preconditioned_langevin", "stochastic_ngd")):
        path = rng.multivariate_normal([16, i], [[4, 0.1], [0.1, 0.04]], 200)
        iterates.append(pd.DataFrame(path, columns=["w1", "w2"]).assign(sampler=sampler))
        for (j, kind), seed in itertools.product(enumerate(("iterates", "laplace")), (0, 1)):
            ellipses.append(
                {
                    "sampler": sampler,
                    "kind": kind,
                    "seed": seed,
                    "m1": 16.0 + i,
                    "m2": 0.1 * j,
                    "c11": 4.0 + j,
                    "c12": 0.1,
                    "c22": 0.04,
                }
            )
    return {"iterates": pd.concat(iterates), "ellipses": pd.DataFrame(ellipses)}


def exponents():
    """Fig. S1's pooled ones."""
    rows = []
    problems = ("logistic_1d", "logistic_2d", "conformal_2d", "covariance_1d", "covariance_2d")
    for (i, problem), (j, sampler), damping, rate in itertools.product(
        enumerate(problems),
        enumerate(("eq8", "flat", "jeffreys")),
        (0.02, 0.2, np.nan),
        (0.0, 0.1, 0.2),
    ):
        if problem.startswith("covariance") and sampler != "eq8":
            continue
        k = 0.1 * i + 0.3 * j + rate + (0.01 if np.isnan(damping) else damping)
        half = 0.05 + 0.01 * i
        rows.append((problem, sampler, damping, rate, k, k - half, k + half))
    columns = ["problem", "sampler", "damping", "learning_rate", "exponent", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def theorem_2():
    """Fig. S2's runs."""
    rows = []
    for (i, model), n, rate, seed in itertools.product(
        enumerate(("misspecified", "well_specified")), (100, 400), (0.1, 0.2, 0.4), range(3)
    ):
        rows.append(
            {
                "model": model,
                "N": n,
                "learning_rate": rate,
                "batch_size": 5,
                "seed": seed,
                "predicted": 2.0,
                "measured": 2 * (1 + rate) + 0.1 * i + n / 1000 + 0.01 * seed,
                "noise_ratio": 1 + 0.3 * (1 - i) + n / 5000 + 0.02 * seed,
            }
        )
    return pd.DataFrame(rows)


def slopes():
    """Fig. S1d's ratios of densities, and their slopes."""
    ratios, limits = [], []
    samplers = ("eq8", "langevin_flat", "langevin_jeffreys", "eq11", "ngd_flat", "ngd_jeffreys")
    problems = ("coin", "die", "logistic")
    for (i, problem), (j, sampler) in itertools.product(enumerate(problems), enumerate(samplers)):
        where = {"problem": problem, "sampler": sampler}
        slope, half = 0.3 * j - 0.5 + 0.05 * i, 0.1 + 0.02 * i + 0.01 * j
        limits.append(
            {
                **where,
                "slope": slope,
                "standard_error": half / 2,
                "low": slope - half,
                "high": slope + half,
                "predicted": slope + 0.07,
            }
        )
        ratios += [
            {
                **where,
                "log_jacobian": at,
                "log_ratio": slope * at + 0.1 * i + 0.01 * at**2,
                "standard_error": 0.02 + 0.01 * abs(at) + 0.001 * j,
            }
            for at in (-1.0, -0.5, 0.0, 0.5, 1.0)
        ]
    return {"ratios": pd.DataFrame(ratios), "limits": pd.DataFrame(limits)}


def estimates():
    """Fig. S2b's runs: three training sets, the exact Fisher among them."""
    rows = []
    for (labels, smoothing), seed in itertools.product(
        [(0, 0.0), *itertools.product((64, 256, 1024), (0.0, 0.9))], range(3)
    ):
        heat = (1 - smoothing) * 20 / labels if labels else 0.0
        rows.append(
            {
                "labels": labels,
                "smoothing": smoothing,
                "seed": seed,
                "temperature": 1.03 + heat,
                "ratio": 1 + 1.2 * heat + 0.01 * seed,
                "shift": -0.5 * heat + 0.02 * seed,
                "predicted": 1 + heat + 0.001 * seed,
            }
        )
    return pd.DataFrame(rows)


GOLD = (
    "preconditioned_langevin",
    "stochastic_ngd",
    "mandt",
    "riemannian_langevin, k = 0",
    "riemannian_langevin, k = 0.5",
    "nuts",
)


def gold_standard():
    """Fig. S3's distances and speed."""
    distances, speed = [], []
    for inputs, seed in itertools.product((2, 64), (0, 1)):
        for (i, sampler), k in itertools.product(enumerate(GOLD), (0.0, 0.5, 1.0)):
            apart = 0.1 * (i + 1) + 0.03 * k + 0.02 * seed + inputs / 1000
            row = {"inputs": inputs, "seed": seed, "sampler": sampler}
            distances.append({**row, "exponent": k, "distance": apart})
        for i, sampler in enumerate((*GOLD[:-1], "nuts, k = 0", "nuts, k = 0.5", "nuts, k = 1")):
            row = {"inputs": inputs, "seed": seed, "sampler": sampler}
            speed.append({**row, "effective": 1000.0 * (i + 1), "seconds": 2.0 + seed})
    return {"table": pd.DataFrame(distances), "speed": pd.DataFrame(speed)}


def every_sampler():
    """Fig. S4's distances and speed; SGD's chains of n = 2 diverge on one training set."""
    distances, speed = [], []
    for inputs, repeat in itertools.product((2, 64), (0, 1)):
        for i, sampler in enumerate(("nuts", *draw_figS4.NAMES)):
            row = {"inputs": inputs, "repeat": repeat, "seed": 3 * repeat, "sampler": sampler}
            apart = 0.03 * (i + 1) + 0.02 * repeat + inputs / 1000
            lost = sampler == "sgd" and inputs == 2 and repeat == 1
            distances.append({**row, "distance": np.inf if lost else apart})
            if sampler != "nuts":
                told = {"effective": 100.0 * (i + 1) + repeat, "gradients": 500.0, "seconds": 2.0}
                speed.append({**row, **told})
    return {"table": pd.DataFrame(distances), "speed": pd.DataFrame(speed)}


def network_samplers():
    """Fig. S4b's distances and speed; SGD's chains diverge on one training set."""
    distances, speed = [], []
    for repeat, (i, sampler) in itertools.product((0, 1), enumerate(draw_figS4b.NAMES)):
        row = {"repeat": repeat, "sampler": sampler}
        lost = sampler == "sgd" and repeat == 1
        apart = np.inf if lost else 0.01 * (i + 1) + 0.002 * repeat
        distances.append({**row, "distance": apart, "cross_entropy": 1.2 + apart, "rhat": 1.01})
        told = {"effective": 50.0 * (i + 1) + repeat, "gradients": 500.0, "seconds": 2.0}
        speed.append({**row, **told})
    return {"table": pd.DataFrame(distances), "speed": pd.DataFrame(speed)}


def runs():
    """A sweep's single repeats: three seeds, at cross entropies of their own."""
    rows = []
    for t, seed in itertools.product(TEMPERATURES, range(3)):
        value = 2 + 0.1 * np.log(t) ** 2 + 0.2 * seed
        scores = dict.fromkeys(tables.METRICS, value)
        at = {"N": 1024, "learning_rate": 0.125, "temperature": t, "batch_size": 0, "seed": seed}
        rows.append({**at, **scores, "diverged_at": -1, "dead_at": -1})
    return pd.DataFrame(rows)


SEPARABLE = pd.DataFrame({"N": 1024, "seed": [0, 1, 2], "separable": [True, False, True]})


def _many(*names):
    return {name: sweep(number=i) for i, name in enumerate(names)}


TABLES = {
    "fig1": fig1,
    "fig2": lambda: _many("table"),
    "fig3": lambda: _many("table"),
    "fig4": lambda: {"prior": prior(), "table": sweep()},
    "fig5": lambda: _many("table"),
    "fig6": lambda: {"table": sweep((2048, 4096))},
    "fig7": lambda: {"panel_a": sweep((512,), (0.1, 0.2)), "panel_b": sweep((256, 512))},
    "figS1": lambda: {"table": exponents()},
    "figS1b": lambda: {
        **_many("eq8", "jeffreys", "flat", "eq8_damped", "jeffreys_damped", "flat_damped"),
        "runs": runs(),
        "separable": SEPARABLE,
    },
    "figS1c": lambda: _many(
        "eq16", "jeffreys", "flat", "eq16_damped", "jeffreys_damped", "flat_damped", "gaussian"
    ),
    "figS1d": slopes,
    "figS2": lambda: {"table": theorem_2()},
    "figS2b": lambda: {"table": estimates()},
    "figS3": gold_standard,
    "figS4": every_sampler,
    "figS4b": network_samplers,
    "figS4c": network_samplers,
    "figS5": lambda: _many("hmc", "again", "ngd", "eq8", "langevin"),
    "figS6": lambda: {
        **_many("fisher", "kfac"),
        "wide_fisher": sweep((1024, 4096), number=2),
        "wide_kfac": sweep((1024, 4096), number=3),
    },
    "readings": lambda: _many("base", "other", "wide", "cnn_base", "cnn_other"),
}
"""What each figure of the catalogue is drawn from, by the arguments of its `draw`."""


def draw(name, stamp=STAMP, **given):
    """A figure of the catalogue, some of its tables changed."""
    module = import_module(catalogue.FIGURES[name].module)
    return module.draw(**{**TABLES[name](), **given}, stamp=stamp)


def points(line):
    """A line's points."""
    x, y = (np.asarray(values, float) for values in line.get_data())
    return list(zip(x.tolist(), y.tolist(), strict=True))


def curves(axes):
    """What each curve with error bars shows, by its label: rows of x, mean, half the bar."""
    shown = {}
    for curve in axes.containers:
        if isinstance(curve, ErrorbarContainer):
            xy = np.array(points(curve[0]))
            paths = [path.vertices[:, 1] for path in curve[2][0].get_paths()]
            # A point that is not drawn has a bar without ends.
            bars = np.array([ends if len(ends) else [np.nan] * 2 for ends in paths])
            half = (bars[:, 1] - bars[:, 0]) / 2
            shown[curve.get_label()] = np.column_stack([xy, half])
    return shown


def named(axes, beginning):
    """The one curve whose label begins so: a least mean may be told after it."""
    (found,) = (rows for label, rows in curves(axes).items() if label.startswith(beginning))
    return found


def expected(table, metric, x, **where):
    """The rows of a table that a curve is to show."""
    chosen = table[table["metric"] == metric]
    for column, value in where.items():
        chosen = chosen[chosen[column] == value]
    factor = 100 if metric.endswith("accuracy") else 1
    rows = chosen.sort_values(x)[[x, "mean", "standard_error"]].to_numpy(float)
    return rows * [1, factor, factor]
