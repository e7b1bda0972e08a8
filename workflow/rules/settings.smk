# Settings: the paper's, the scale's changes, the user's; checked before any job starts.

import yaml
from artifact import config as settings
from artifact import device, progress, sources, sweep


def load_settings(overrides):
    schema = ROOT / "workflow/schemas/config.schema.yaml"
    try:
        combined = settings.load(ROOT / "config", schema, overrides)
    except settings.ConfigError as error:
        sys.exit(str(error))
    scale = combined["scale"]
    tables = (ROOT / "results/reference").glob("*/fig*.csv")
    archived = sorted({path.parent.name for path in tables})
    if combined["from"] == "reference" and scale not in archived:
        sys.exit(
            f"config: scale = {scale!r} is not allowed with from = reference; must be one of "
            + ", ".join(archived)
        )
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
ARCHIVE = f"results/reference/{SCALE}"
TABLES = ARCHIVE if config["from"] == "reference" else f"{RESULTS}/tables"
FIGURES = [f"fig{number}" for number in range(1, 8)]


# Logistic regression: chains on one training set share their updates' largest product.
TOGETHER = ["fig2", "fig3", "fig4b", "figS1_eq8_damped"]


def code(module):
    """The module that makes a result, and all of ours that it imports."""
    return sources.closure(module, SOURCES)


def settings_of(figure):
    """A figure's settings; of readings_biases those of the reading that it is."""
    for group in ("readings", "cnn_readings"):
        if figure.startswith(f"{group}_"):
            return sweep.variant(config[group], figure.removeprefix(f"{group}_"))
    return config[figure]


def sweep_of(table):
    """The figure whose points a table gathers, and the grid of those: fig7a is of fig7."""
    if table in config or table.startswith(("readings_", "cnn_readings_")):
        return table, settings_of(table)
    figure, letter = table[:-1], table[-1]
    return figure, sweep.panel(config[figure], letter)


def point_files(table, suffix):
    """A sweep's results, one a job."""
    figure, grid = sweep_of(table)
    names = sweep.jobs(grid, figure in TOGETHER)
    return [f"{RESULTS}/points/{figure}/{name}.{suffix}" for name in names]


def points_of(wildcards):
    """The points of a sweep that a file's name stands for."""
    figure = wildcards.figure
    named = sweep.jobs(settings_of(figure), figure in TOGETHER)
    return [point._asdict() for point in named[wildcards.point]]


def settings_of_point(wildcards):
    """The slice of a figure's settings on which each point depends."""
    return sweep.of_point(settings_of(wildcards.figure))


READINGS = {
    f"{prefix}{name}": f"{prefix}readings_{name}"
    for prefix in ("", "cnn_")
    for name in config[f"{prefix}readings"]["variants"]
}
PLOTTED = {
    "readings": READINGS,
    "fig1": {"iterates": "fig1_iterates", "ellipses": "fig1_ellipses"},
    "fig4": {"prior": "fig4a", "table": "fig4b"},
    "fig7": {"panel_a": "fig7a", "panel_b": "fig7b"},
    "figS1": {"table": "figS1_pooled"},
    "figS3": {"table": "figS3", "speed": "figS3_speed"},
    "figS1b": {
        "eq8": "fig2",
        "eq8_damped": "figS1_eq8_damped",
        "flat": "figS1_flat",
        "flat_damped": "figS1_flat_damped",
        "jeffreys": "figS1_jeffreys",
        "jeffreys_damped": "figS1_jeffreys_damped",
        "runs": "fig2_runs",
        "separable": "separable",
    },
    "figS1c": {
        "eq16": "fig3",
        "eq16_damped": "fig4b",
        "flat": "figS1_ngd_flat",
        "flat_damped": "figS1_ngd_flat_damped",
        "jeffreys": "figS1_ngd_jeffreys",
        "jeffreys_damped": "figS1_ngd_jeffreys_damped",
        "gaussian": "figS1_covariance_jeffreys",
    },
}
RECORDED = {
    "fig4": "fig4b",
    "fig7": "fig7a",
    "figS1b": "fig2",
    "figS1c": "fig3",
    "readings": "readings_base",
}
SUPPLEMENT = ["figS1", "figS1b", "figS1c", "figS2", "figS3", "readings"]


def provenance_of(figure):
    """Where a figure's numbers come from."""
    return f"{TABLES}/{RECORDED.get(figure, figure)}.json"


def tables_of(figure):
    """The tables that a figure is drawn from."""
    tables = PLOTTED.get(figure, {"table": figure})
    return [f"{TABLES}/{table}.csv" for table in tables.values()]


def plotted(wildcards):
    """The tables that a figure is drawn from, by the names of its `draw`."""
    names = PLOTTED.get(wildcards.figure, {"table": wildcards.figure})
    return dict(zip(names, tables_of(wildcards.figure), strict=True))


# What a run is made by, the main file first.
WORKFLOW = [
    os.path.relpath(path)
    for path in [
        ROOT / "Snakefile",
        ROOT / "README.md",
        ROOT / "requirements.lock",
        *sorted((ROOT / "config").glob("*.yaml")),
        ROOT / "workflow/Snakefile",
        *sorted((ROOT / "workflow").glob("*/*.*")),
    ]
]


CLAIMS = yaml.safe_load((ROOT / "workflow/claims.yaml").read_text())


def claimed(wildcards):
    """The repeats that claims are judged by; of an archive, those which it holds."""
    names = dict.fromkeys(name for claim in CLAIMS for name in claim["tables"])
    files = {
        name: f"{TABLES}/{'fig1_ellipses' if name == 'fig1' else name + '_runs'}.csv"
        for name in names
    }
    if config["from"] == "reference":
        return {name: path for name, path in files.items() if Path(path).exists()}
    return files
