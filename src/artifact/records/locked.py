"""Which installed packages are not those of the lock file; and the lock as conda reads it."""

import importlib.metadata
import json
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

LOCK = Path(__file__).parents[3] / "requirements.lock"
"""Of the checkout that these sources lie in; an installed wheel has none."""


def differences(lock: Path = LOCK) -> list[str]:
    """What differs, as "numpy 2.2.6 (locked: 2.4.6)"; nothing where there is no lock file.

    A locked package that is not installed is passed over: the import that needs it tells.
    """
    found = []
    for name, version in _locked(lock) if lock.is_file() else ():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if installed != version:
            found.append(f"{name} {installed} (locked: {version})")
    return found


def _locked(lock: Path) -> Iterator[tuple[str, str]]:
    """Names and versions of the lines that hold for this Python and machine."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if re.match(r"\w", line):
            requirement = Requirement(line.rstrip("\\ "))
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement.name, str(requirement.specifier).removeprefix("==")


CONDA = """\
# Made of requirements.lock by `make lock`: the same packages, by the same hashes, for conda.
name: ngd-posterior
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python =3.12
  - pip
  - pip:
"""


def conda(lock: Path = LOCK) -> str:
    """An environment file of conda.

    Conda's part is Python and pip alone: its builds of the others would compute other bytes.
    """
    joined = lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    lines = [" ".join(line.split()) for line in joined if line.strip()]
    return CONDA + "".join(f"      - {json.dumps(line)}\n" for line in lines)


if __name__ == "__main__":
    print(conda(), end="")
