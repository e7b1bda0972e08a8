"""A new sampler is one new file and one edit; a new sweep figure a room and two edited files."""

import subprocess

import pandas as pd
from tests.workflow.conftest import Clone

SAMPLER = '''"""SGLD with a constant step: Langevin's noise on a minibatch's gradient."""

import jax
import jax.numpy as jnp

from ngd import minibatch
from ngd.samplers.algorithm import Settings, State, algorithm, move
from ngd.task import gradient


def step(rng_key, state, task, learning_rate, temperature, batch_size):
    """Δω = -ε((1/N) dC/dω + β + α), E[ααᵀ] = 2T I/(εN)."""
    key_batch, key_noise = jax.random.split(rng_key)
    indices = minibatch.draw(key_batch, task.examples, batch_size)
    g = gradient(task, state.position, indices)
    scale = jnp.sqrt(2 * temperature / (learning_rate * task.examples))
    alpha = scale * jax.random.normal(key_noise, g.shape, g.dtype)
    position, info = move(state.position, -learning_rate * (g + alpha))
    return State(position, ()), info


def build(task, learning_rate, temperature, batch_size):
    """Samples e^{-C/T} as ε -> 0."""
    return algorithm(
        lambda key, state: step(key, state, task, learning_rate, temperature, batch_size),
        Settings(task, learning_rate, batch_size=batch_size, noise=temperature),
    )
'''

ROOM = {
    "settings_fig8.py": '''"""Settings of Fig. 8."""

from typing import ClassVar

from artifact.figures.fig2_3_4.settings_logistic import LogisticPoint
from artifact.settings.sweeps import Axes, Sweep
from artifact.settings.typed import Count, Settings, setting


class SGLDPoint(LogisticPoint):
    """What a point depends on."""

    batch: Count = setting("B of every point.", unit="examples")


class SGLDSweep(SGLDPoint, Axes, Sweep):
    """SGLD against T."""

    POINT: ClassVar[type[Settings]] = SGLDPoint
''',
    "sgld_sweep.py": '''"""Fig. 8: SGLD on logistic regression."""

from artifact.figures.fig8.settings_fig8 import SGLDPoint
from artifact.problems import logistic
from artifact.protocols import Experiment
from ngd.samplers import noisy_sgd


def experiment(settings: SGLDPoint, examples: int, root: int) -> Experiment:
    """At N = `examples`, with the root seed `root`."""
    return logistic.experiment(
        settings,
        examples,
        root,
        lambda task, point: noisy_sgd.build(
            task, point.learning_rate, point.temperature, settings.batch
        ),
    )
''',
    "draw_fig8.py": '''"""Fig. 8: SGLD on logistic regression, drawn as Fig. 2."""

from artifact.figures.fig2_3_4.draw_fig2 import draw

__all__ = ["draw"]
''',
}

SETTINGS = """
fig8:
  inputs: 4
  examples: [100]
  true_norm: 2.0
  learning_rates: [0.1]
  damping: 1.0e-4
  temperatures: [0.5, 1.0, 2.0]
  burn_in: 10
  samples: 10
  test_examples: 100
  repeats: 2
  seeds_per_job: 2
  batch: 10
"""

ENTRIES = {
    "EXPERIMENTS": '    "sgld_sweep": Chains("artifact.figures.fig8.sgld_sweep"),\n',
    "GROUPS": '    "fig8": Group(SGLDSweep, "sgld_sweep", "Fig. 8: SGLD."),\n',
    "FIGURES": '    "fig8": Figure("artifact.figures.fig8.draw_fig8", {"table": "fig8"}),\n',
}


def edited(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def git(clone, *arguments):
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    run = subprocess.run(
        ["git", *who, *arguments], cwd=clone.path, capture_output=True, text=True, check=True
    )
    return run.stdout


def test_a_sampler_and_a_figure_are_added_in_a_room_and_three_edits(tmp_path):
    clone = Clone(tmp_path)
    git(clone, "init", "--quiet")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "before")

    samplers = clone.path / "src/ngd/samplers"
    (samplers / "noisy_sgd.py").write_text(SAMPLER, encoding="utf-8")
    edited(
        samplers / "__init__.py", "    riemannian_ngd,\n", "    riemannian_ngd,\n    noisy_sgd,\n"
    )

    room = clone.path / "src/artifact/figures/fig8"
    room.mkdir()
    for name, content in ROOM.items():
        (room / name).write_text(content, encoding="utf-8")
    catalogue = clone.path / "src/artifact/catalogue.py"
    first = "from artifact.figures.fig1.settings_fig1"
    edited(catalogue, first, f"from artifact.figures.fig8.settings_fig8 import SGLDSweep\n{first}")
    for table, entry in ENTRIES.items():
        text = catalogue.read_text(encoding="utf-8")
        start = text.index(f"{table}: Mapping")
        end = text.index("\n}\n", start) + 1
        catalogue.write_text(text[:end] + entry + text[end:], encoding="utf-8")
    with (clone.path / "config/paper.yaml").open("a", encoding="utf-8") as stream:
        stream.write(SETTINGS)

    changed = git(clone, "diff", "--name-only").split()
    assert changed == [
        "config/paper.yaml",
        "src/artifact/catalogue.py",
        "src/ngd/samplers/__init__.py",
    ]
    run = clone.snakemake("--config", "scale=smoke", "--", "figures/fig8.pdf")
    assert run.returncode == 0, run.stderr[-3000:]
    assert (clone.path / "figures/fig8.pdf").read_bytes().startswith(b"%PDF")
    runs = pd.read_csv(clone.path / "results/smoke/tables/fig8_runs.csv")
    assert runs["temperature"].tolist() == [0.5, 0.5, 1.0, 1.0, 2.0, 2.0]
    # It is one of all figures from now on, with no word to any other list.
    assert "sgld_sweep" not in clone.planned("--config", "scale=smoke", "--", "figures/fig1.pdf")
    assert clone.planned("--config", "scale=smoke")["plot"] == 7

    # An entry that fits nothing is named.
    edited(catalogue, '{"table": "fig8"}', '{"table": "fig9"}')
    run = clone.snakemake("--dry-run", "--config", "scale=smoke")
    assert run.returncode != 0
    told = [line for line in run.stderr.splitlines() if line.startswith("catalogue: ")]
    assert len(told) == 1
    assert "figure fig8: table 'fig9' is made by no entry" in told[0]
