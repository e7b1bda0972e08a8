"""Figs 5 and 6: stochastic NGD and a multilayer perceptron, section 6.3."""

from collections.abc import Sequence

import jax
import pandas as pd

from artifact.checkpoint import Checkpoints
from artifact.experiments import images as mnist_task
from artifact.experiments.chains import Examples, Experiment, run_points
from artifact.keys import key
from artifact.mnist import Images
from artifact.progress import Progress
from artifact.sweep import Point, Settings
from ngd.layers import layer_gradients
from ngd.metrics.fisher import sampled_fisher
from ngd.models.mlp import MLP
from ngd.samplers import stochastic_ngd
from ngd.task import Task, l2


def run(
    figure: str,
    settings: Settings,
    points: Sequence[Point],
    root: int,
    progress: Progress,
    checkpoints: Checkpoints,
    images: Images,
) -> dict[str, pd.DataFrame]:
    """See `chains.run_points`; `images` is MNIST."""
    features = settings["projected_inputs"]
    projection = jax.random.normal(
        key(root, "mnist", "projection", to=features), (28 * 28, features)
    )

    def project(examples: Examples) -> Examples:
        return Examples(examples.x.reshape(-1, 28 * 28) @ projection, examples.y)

    test = project(mnist_task.test_set(images))
    model = MLP(settings["hidden"])
    regulariser = l2(settings["regularisation"] / points[0].examples)
    experiment = Experiment(
        task=lambda train: Task(model.apply, train.x, train.y, regulariser),
        algorithm=lambda task, point: stochastic_ngd.build(
            task,
            sampled_fisher(task, settings["fisher_examples"], layer_gradients(model)),
            point.learning_rate,
            settings["damping"],
            point.batch_size,
        ),
        train=lambda seed: project(mnist_task.training_set(images, root, points[0].examples, seed)),
        position=lambda seed: model.init(key(root, "mlp", "start", seed=seed), test.x[:1]),
        test=test,
        labels=10,
    )
    return run_points(experiment, figure, settings, points, root, progress, checkpoints)
