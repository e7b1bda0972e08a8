"""Fig. S6: stochastic NGD with K-FAC, and on whole images, section 2's conjecture."""

from collections.abc import Callable, Mapping

from artifact.figures.fig5_6 import mlp
from artifact.figures.figS6.settings_scaled import ScaledPoint
from artifact.problems import images as mnist_task
from artifact.problems.mnist import Images
from artifact.protocols import Examples, Experiment
from ngd.metrics.fisher import sampled_fisher
from ngd.metrics.kfac import kfac
from ngd.metrics.metric import Metric
from ngd.models.mlp import MLP
from ngd.task import Task

METRICS: Mapping[str, Callable[[Task, int], Metric]] = {"fisher": sampled_fisher, "kfac": kfac}


def experiment(settings: ScaledPoint, examples: int, root: int, images: Images) -> Experiment:
    """As `mlp.experiment`; training sets, and projections where there are, are Fig. 5's."""
    metric = METRICS[settings.metric]
    projected = mlp.on_projected_images(
        settings,
        examples,
        root,
        images,
        MLP(settings.hidden),
        lambda task: metric(task, settings.fisher_examples),
    )
    if settings.inputs == "projection":
        return projected
    test = _flat(mnist_task.test_set(images))
    return projected._replace(
        train=lambda seed: _flat(mnist_task.training_set(images, root, examples, seed)),
        test=lambda seed: test,
    )


def _flat(examples: Examples) -> Examples:
    return Examples(examples.x.reshape(len(examples.x), -1), examples.y)
