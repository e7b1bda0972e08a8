"""Programs that are no part of a package, as modules."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[1]


def load(path):
    """The module of a file, by its path below the repository."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
