"""Fig. 2: preconditioned Langevin dynamics on logistic regression, section 6.1; Fig. S1."""

from artifact.figures.fig2_3_4.settings_logistic import LogisticPoint
from artifact.problems import logistic
from artifact.protocols import Experiment
from ngd.metrics.fisher import logistic_fisher
from ngd.samplers import preconditioned_langevin


def experiment(settings: LogisticPoint, examples: int, root: int) -> Experiment:
    """At N = `examples`, with the root seed `root`."""
    return logistic.experiment(
        settings,
        examples,
        root,
        lambda task, point: preconditioned_langevin.build(
            logistic_fisher(task),
            learning_rate=point.learning_rate,
            damping=settings.damping,
            temperature=point.temperature,
        ),
    )
