"""Runtime shape checks of the library, and double precision where a test asks for it."""

import os
from pathlib import Path

import pytest

from artifact.engine import device

# Before JAX is imported, as in every job; most of the suite's time is compilation.
os.environ["XLA_FLAGS"] = (
    f"{os.environ.get('XLA_FLAGS', '')} {device.XLA_FLAGS} {device.LESS_OPTIMISED}".strip()
)

# Of the same programs in many processes: each is compiled once.
os.environ["JAX_COMPILATION_CACHE_DIR"] = os.environ.get(
    "JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache/jax")
)
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "0"

import jax
import jaxtyping

# Before any test imports `ngd`: from here on every annotated array is checked.
jaxtyping.install_import_hook("ngd", "beartype.beartype")


def pytest_collection_modifyitems(items):
    """The longest file first: begun last, it would be left running alone."""
    items.sort(key=lambda item: item.path.name != "test_run.py")


@pytest.fixture
def x64():
    """Double precision for the length of a test."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def unchecked():
    """The library as its users run it: without the shape checks."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(autouse=True, scope="module")
def programs_are_let_go():
    """Else a worker keeps what every module compiled: gigabytes, which slow each collection."""
    yield
    jax.clear_caches()
