# Settings: the paper's, the scale's changes, the user's; checked before any job starts.

import importlib.util
import shutil
import subprocess

import yaml
from artifact import config as settings
from artifact import sources, sweep


def load_settings(overrides):
    folder = ROOT / "config"
    paper = yaml.safe_load((folder / "paper.yaml").read_text())
    scales = sorted(path.stem for path in folder.glob("*.yaml"))
    scale = overrides.get("scale", "quick")
    if scale not in scales:
        sys.exit(
            f"config: scale = {scale!r} is not allowed; must be one of {', '.join(scales)}"
        )
    changes = yaml.safe_load((folder / f"{scale}.yaml").read_text())
    combined = settings.combine(paper, changes, overrides)
    try:
        validate(combined, "../schemas/config.schema.yaml", set_default=False)
        settings.check(combined)
    except WorkflowError as error:
        sys.exit(settings.explain(error.__context__))
    except settings.ConfigError as error:
        sys.exit(str(error))
    folder = mnist_folder(combined)
    if folder and not Path(folder).is_dir():
        key = "mnist_dir" if combined["mnist_dir"] else "MNIST_DIR"
        sys.exit(
            f"config: {key} = {folder!r} is not allowed; must be a folder that exists"
        )
    return combined


def mnist_folder(config):
    """Where the user keeps MNIST's four files, or an empty string."""
    return config["mnist_dir"] or os.environ.get("MNIST_DIR", "")


config = load_settings(config)

SCALE = config["scale"]
RESULTS = f"results/{SCALE}"
FIGURES = [f"fig{number}" for number in range(1, 8)]


def code(module):
    """The module that makes a result, and all of ours that it imports."""
    return sources.closure(module, SOURCES)


def sweep_of(table):
    """The figure whose points a table gathers, and the grid of those: fig7a is of fig7."""
    if table in config:
        return table, config[table]
    figure, letter = table[:-1], table[-1]
    return figure, sweep.panel(config[figure], letter)


def point_files(table, suffix):
    """A sweep's results, one a point."""
    figure, grid = sweep_of(table)
    return [
        f"{RESULTS}/points/{figure}/{sweep.name(point)}.{suffix}"
        for point in sweep.points(grid)
    ]


def point_of(wildcards):
    """The point of a sweep that a file's name stands for."""
    named = {
        sweep.name(point): point for point in sweep.points(config[wildcards.figure])
    }
    return named[wildcards.point]._asdict()


def settings_of_point(wildcards):
    """The slice of a figure's settings on which a single point depends."""
    return sweep.of_point(config[wildcards.figure])


def missing_gpu():
    """Why no job could run on a GPU of this machine, in one line; empty if one could."""
    if importlib.util.find_spec("jax_cuda13_plugin") is None:
        found = "JAX's CUDA plugin is not installed (requirements-gpu.lock)"
    else:
        listed = shutil.which("nvidia-smi") and subprocess.run(
            ["nvidia-smi", "--list-gpus"], capture_output=True, text=True
        )
        if listed and listed.returncode == 0 and "GPU" in listed.stdout:
            return ""
        found = "nvidia-smi lists no GPU"
    return f"config: device = 'gpu' is not allowed here; must be cpu, since {found}"
