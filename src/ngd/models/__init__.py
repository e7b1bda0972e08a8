"""The paper's three models, in Flax."""

from ngd.models.cnn import CNN
from ngd.models.logistic import Logistic
from ngd.models.mlp import MLP

__all__ = ["CNN", "MLP", "Logistic"]
