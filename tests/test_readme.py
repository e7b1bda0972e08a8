"""What the README shows runs as it stands."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_example_samples_a_users_own_model():
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    run = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    accuracy = float(re.search(r"ensemble_accuracy=Array\(([0-9.]+)", run.stdout).group(1))
    assert accuracy > 0.9
