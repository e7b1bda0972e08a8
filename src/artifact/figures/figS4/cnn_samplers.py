"""Fig. S4c: the samplers of the library on section 6.4's network at T = 1, against HMC."""

from functools import partial

import pandas as pd

from artifact.figures.figS4 import network_samplers
from artifact.figures.figS4.network_samplers import Problem
from artifact.figures.figS4.settings_network_samplers import CNNSamplersSettings
from artifact.problems import images as mnist_task
from artifact.problems.mnist import Images
from artifact.protocols import Examples, Kept, Progress, anew
from ngd import hardware
from ngd.models.cnn import CNN
from ngd.task import Task, l2


def run(
    settings: CNNSamplersSettings,
    root: int,
    progress: Progress,
    images: Images,
    kept: Kept = anew,
) -> dict[str, pd.DataFrame]:
    """As `network_samplers.run`, on whole images; each chain has a start of its own."""
    problems = partial(_problem, settings, root, images)
    return network_samplers.beside_hmc("figS4c", settings, root, progress, problems, kept)


def _problem(settings: CNNSamplersSettings, root: int, images: Images, seed: int) -> Problem:
    model, examples = CNN(settings.channels), settings.examples
    train = mnist_task.training_set(images, root, examples, seed)
    x, y = mnist_task.test_set(images)
    starts, unravel = network_samplers.initial("figS4c", settings, root, seed, model, train)
    return Problem(
        seed,
        Task(model.apply, train.x, train.y, l2(settings.regularisation / examples)),
        Examples(x[: settings.test_examples], y[: settings.test_examples]),
        starts,
        unravel,
        # What one chain's gradient needs stays in a CPU's cache: HMC takes half the time.
        abreast=hardware.accelerated(),
    )
