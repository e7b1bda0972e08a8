"""The lock as conda reads it."""

import re
from pathlib import Path

import yaml

from artifact.records import locked

ROOT = Path(__file__).parents[3]


def test_the_environment_of_conda_holds_the_lock():
    """Conda's own packages are Python and pip; each other one is the lock's, by its hashes."""
    text = (ROOT / "environment.yml").read_text("utf-8")
    assert text == locked.conda()
    *own, pip = yaml.safe_load(text)["dependencies"]
    assert [name.split()[0] for name in own] == ["python", "pip"]
    lines = [line.partition(" --hash=")[0].strip() for line in pip["pip"]]
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert lines == re.findall(r"^(\w[^\\\n]*?) *\\$", lock, re.MULTILINE)
    assert sum(line.count("--hash=sha256:") for line in pip["pip"]) == lock.count("--hash=sha256:")
    assert "://" not in text
