"""Asked and measured temperature on tasks that are not the paper's: the table of diagnostics.md.

`python benchmarks/calibration.py` runs all of them and writes the table, in minutes on one core.
"""

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import ngd
from artifact.records import documents, files
from ngd.metrics import exact_fisher, sampled_fisher
from ngd.samplers import (
    SamplingAlgorithm,
    langevin,
    mandt,
    preconditioned_langevin,
    riemannian_langevin,
    stochastic_ngd,
)
from ngd.task import Params, Task, flatten

DOCUMENT = Path(__file__).parents[1] / "docs" / "library" / "diagnostics.md"
ASKED = 1.0


class Case(NamedTuple):
    """A task, where its chains start, and one sampler on it.

    Attributes:
        name: of the task.
        sampler: its name and settings.
        make: the task and a start.
        build: the sampler.
        burn_in: updates.
        thin: updates a draw.
    """

    name: str
    sampler: str
    make: Callable[[], tuple[Task, Params]]
    build: Callable[[Task, Params], SamplingAlgorithm]
    burn_in: int
    thin: int


def linear(params: Params, x: jax.Array) -> jax.Array:
    """Softmax regression."""
    return x @ params["w"] + params["b"]


def log_odds(params: Params, x: jax.Array) -> jax.Array:
    """Logistic regression."""
    margin = x @ params["w"] + params["b"]
    return jnp.stack([jnp.zeros_like(margin), margin], axis=1)


def network(params: Params, x: jax.Array) -> jax.Array:
    """One hidden layer."""
    return jnp.tanh(x @ params["hidden"] + params["bias"]) @ params["out"]


def softmax_regression(x: Any, y: Any, coefficient: float) -> tuple[Task, Params]:
    """A linear model of standardised inputs; one logit less than classes is free."""
    x = np.asarray(x, np.float32)
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1)
    k = int(np.max(y)) + 1
    return Task(linear, x, y, ngd.l2(coefficient)), {
        "w": jnp.zeros((x.shape[1], k)),
        "b": jnp.zeros(k),
    }


def logistic_regression(x: Any, y: Any, coefficient: float) -> tuple[Task, Params]:
    """Two classes and one log odds, all of whose parameters are told apart."""
    return Task(log_odds, np.asarray(x, np.float32), y, ngd.l2(coefficient)), {
        "w": jnp.zeros(np.shape(x)[1]),
        "b": jnp.zeros(()),
    }


def perceptron(x: Any, y: Any, hidden: int, coefficient: float) -> tuple[Task, Params]:
    """A network of standardised inputs, near its minimum."""
    task, start = softmax_regression(x, y, coefficient)
    d, k = start["w"].shape
    keys = jax.random.split(jax.random.key(1))
    params = {
        "hidden": jax.random.normal(keys[0], (d, hidden)) / d**0.5,
        "bias": jnp.zeros(hidden),
        "out": 0.3 * jax.random.normal(keys[1], (hidden, k)),
    }
    return task._replace(logits=network), params


def shipped(name: str, examples: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Data that comes with scikit-learn."""
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))[:examples]
    return x[order], y[order]


def simulated(kind: str, examples: int = 1000, inputs: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Labels by a linear model; or without noise; or turned round where an input is large."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(examples, inputs))
    margin = 2 * x[:, 0] - x[:, 1]
    y = (rng.random(examples) < 1 / (1 + np.exp(-margin))).astype(int)
    if kind == "clean":
        y = (margin > 0).astype(int)
    if kind == "misspecified":
        y = np.where(x[:, 2] > 0.5, 1 - y, y)
    return x, y


def theorem_2(task: Task, rate: float, damping: float) -> SamplingAlgorithm:
    """Stochastic NGD with the batch size of Theorem 2."""
    size = ngd.theorem_2.batch_size(rate, task.examples, ASKED)
    return stochastic_ngd.build(
        exact_fisher(task), learning_rate=rate, damping=damping, batch_size=size
    )


def calibrated(task: Task, params: Params, rate: float) -> SamplingAlgorithm:
    """Stochastic NGD with the batch size and damping that are predicted to have T."""
    minimum = ngd.laplace.minimise(task, params, tolerance=1e-4)
    found = ngd.diagnostics.calibrated_batch(
        exact_fisher(task), minimum, learning_rate=rate, temperature=ASKED
    )
    return stochastic_ngd.build(
        exact_fisher(task),
        learning_rate=rate,
        damping=found.damping,
        batch_size=found.batch_size,
    )


def cases() -> list[Case]:
    """All rows of the table."""
    return [
        Case(
            "logistic, well specified",
            "riemannian_langevin, ε = 0.1, δ = 0.01",
            lambda: logistic_regression(*simulated("noisy"), 0.01),
            lambda t, p: riemannian_langevin.build(
                exact_fisher(t), learning_rate=0.1, damping=0.01
            ),
            300,
            20,
        ),
        Case(
            "logistic, well specified",
            "stochastic_ngd, ε = 0.1, δ = 1e-4, B of Theorem 2",
            lambda: logistic_regression(*simulated("noisy"), 0.01),
            lambda t, p: theorem_2(t, 0.1, 1e-4),
            300,
            20,
        ),
        Case(
            "two logits for one log odds",
            "stochastic_ngd, ε = 0.1, δ = 1e-4, B of Theorem 2",
            lambda: softmax_regression(*simulated("noisy"), 0.01),
            lambda t, p: theorem_2(t, 0.1, 1e-4),
            300,
            20,
        ),
        Case(
            "logistic, misspecified",
            "stochastic_ngd, ε = 0.1, δ = 1e-3, B of Theorem 2",
            lambda: softmax_regression(*simulated("misspecified"), 0.01),
            lambda t, p: theorem_2(t, 0.1, 1e-3),
            300,
            20,
        ),
        Case(
            "logistic, misspecified",
            "stochastic_ngd, ε = 0.1, B and δ by calibrated_batch",
            lambda: softmax_regression(*simulated("misspecified"), 0.01),
            lambda t, p: calibrated(t, p, 0.1),
            300,
            20,
        ),
        Case(
            "logistic, separable",
            "stochastic_ngd, ε = 0.1, δ = 0.01, B of Theorem 2",
            lambda: softmax_regression(*simulated("clean"), 0.01),
            lambda t, p: theorem_2(t, 0.1, 0.01),
            300,
            20,
        ),
        Case(
            "logistic, separable, λ = 0",
            "langevin, ε = 0.5",
            lambda: softmax_regression(*simulated("clean"), 0.0),
            lambda t, p: langevin.build(t, learning_rate=0.5, temperature=ASKED),
            300,
            20,
        ),
        Case(
            "iris, softmax regression",
            "preconditioned_langevin, ε = 0.1, δ = 0.1",
            lambda: softmax_regression(*shipped("iris"), 0.1),
            lambda t, p: preconditioned_langevin.build(
                exact_fisher(t), learning_rate=0.1, damping=0.1, temperature=ASKED
            ),
            500,
            20,
        ),
        Case(
            "wine, softmax regression",
            "mandt, ε = 0.1, δ = 0.1, B of Theorem 2",
            lambda: softmax_regression(*shipped("wine"), 0.1),
            lambda t, p: mandt.build(
                t,
                learning_rate=0.1,
                batch_size=ngd.theorem_2.batch_size(0.1, t.examples, ASKED),
                damping=0.1,
            ),
            500,
            20,
        ),
        Case(
            "breast cancer, logistic",
            "preconditioned_langevin, ε = 0.1, δ = 0.1",
            lambda: softmax_regression(*shipped("breast_cancer"), 0.1),
            lambda t, p: preconditioned_langevin.build(
                exact_fisher(t), learning_rate=0.1, damping=0.1, temperature=ASKED
            ),
            500,
            20,
        ),
        Case(
            "network, noisy labels",
            "preconditioned_langevin, ε = 0.1, δ = 0.1",
            lambda: perceptron(*simulated("noisy"), 8, 0.01),
            lambda t, p: preconditioned_langevin.build(
                exact_fisher(t), learning_rate=0.1, damping=0.1, temperature=ASKED
            ),
            2000,
            20,
        ),
        Case(
            "network, clean labels",
            "stochastic_ngd, ε = 0.1, δ = 0.01, B of Theorem 2",
            lambda: perceptron(*simulated("clean"), 8, 0.01),
            lambda t, p: theorem_2(t, 0.1, 0.01),
            2000,
            20,
        ),
        Case(
            "network, clean labels",
            "langevin, ε = 0.5",
            lambda: perceptron(*simulated("clean"), 8, 0.01),
            lambda t, p: langevin.build(t, learning_rate=0.5, temperature=ASKED),
            2000,
            20,
        ),
        Case(
            "digits, network",
            "langevin, ε = 0.1",
            lambda: perceptron(*shipped("digits", 500), 12, 0.1),
            lambda t, p: langevin.build(t, learning_rate=0.1, temperature=ASKED),
            1000,
            10,
        ),
        Case(
            "digits, network, wide",
            "stochastic_ngd, sampled Fisher of 100, ε = 0.1, δ = 0.1, B of Theorem 2",
            lambda: perceptron(*shipped("digits", 500), 135, 0.1),
            lambda t, p: stochastic_ngd.build(
                sampled_fisher(t, 100),
                learning_rate=0.1,
                damping=0.1,
                batch_size=ngd.theorem_2.batch_size(0.1, t.examples, ASKED),
            ),
            100,
            2,
        ),
    ]


def cause(message: str) -> str:
    """What a warning says, without its cures."""
    if "diverged" in message:
        return message.partition(":")[0]
    _, _, reasons = message.partition(": ")
    return "; ".join(part.partition(":")[0] for part in reasons.split("; "))


def row(case: Case, chains: int = 16, draws: int = 100) -> dict[str, str]:
    """A row of the table: the case, run."""
    task, start = case.make()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ngd.CalibrationWarning)
        samples = ngd.sample(
            jax.random.key(0),
            case.build(task, start),
            start,
            chains=chains,
            burn_in=case.burn_in,
            draws=draws,
            thin=case.thin,
            temperature=ASKED,
            keep=lambda position: (),
        )
    told = [str(w.message) for w in caught if w.category is ngd.CalibrationWarning]
    predicted = samples.predicted
    return {
        "task": case.name,
        "N": str(task.examples),
        "P": str(flatten(start).size),
        "sampler": case.sampler,
        "measured T": str(samples.measured),
        "predicted T": f"{predicted.temperature.value:.3g}" if predicted else "",
        "warned": cause(told[0]) if told else "no",
    }


def write(rows: list[dict[str, str]]) -> None:
    """Put the table into the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    files.write_text(documents.put(text, "calibration", documents.table(rows)), DOCUMENT)


def main() -> None:
    """Run all cases, or those whose name holds a word, and write or print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a part of the task's name; nothing is written")
    only = parser.parse_args().only
    rows = []
    for case in cases():
        if only in case.name:
            rows.append(row(case))
            print(rows[-1], flush=True)
    if not only:
        write(rows)


if __name__ == "__main__":
    main()
