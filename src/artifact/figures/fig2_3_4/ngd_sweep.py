"""Figs 3 and 4b: stochastic NGD on logistic regression, sections 6.1 and 6.2."""

from artifact.figures.fig2_3_4.settings_logistic import LogisticPoint
from artifact.problems import logistic
from artifact.protocols import Experiment
from ngd.metrics.fisher import logistic_fisher
from ngd.samplers import stochastic_ngd


def experiment(settings: LogisticPoint, examples: int, root: int) -> Experiment:
    """At N = `examples`, with the root seed `root`."""
    return logistic.experiment(
        settings,
        examples,
        root,
        lambda task, point: stochastic_ngd.build(
            logistic_fisher(task),
            learning_rate=point.learning_rate,
            damping=settings.damping,
            batch_size=point.batch_size,
        ),
    )
