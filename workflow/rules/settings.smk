# Settings: the paper's, the scale's changes, the user's; checked before any job starts.

import artifact

if Path(artifact.__file__).resolve().parent.parent != SOURCES.resolve():
    sys.exit(
        f"artifact: {artifact.__file__} runs, but {SOURCES} is watched; start a new process"
    )
if re.search(r"\s", sys.executable):
    sys.exit(
        f"python: {sys.executable!r} is not allowed; must be a path without white space, "
        "in which Snakemake's scripts do not start"
    )

from artifact import catalogue, refusals
from artifact.claims import by_reading, claimfile, repeats
from artifact.engine import device, identity, progress
from artifact.records import captions, integrity, locked
from artifact.settings import layers


def load_settings(overrides):
    """All settings, typed."""
    typed = layers.load(ROOT / "config", catalogue.Config, overrides)
    catalogue.check(typed, claimfile.tables_of(CLAIMS))
    if workflow.is_main_process:
        check_main_process(typed, overrides)
    return typed


def check_main_process(typed, overrides):
    """What only the process that plans can know, or need."""
    here = Path.cwd()
    if not os.access(here, os.W_OK) and not (here / ".snakemake").is_dir():
        raise refusals.RefusedError(
            f"directory: {str(here)!r} is not allowed; must be writable: "
            f"start in another, with -s {ROOT / 'Snakefile'}"
        )
    resources = workflow.resource_settings.resources
    promised = resources["gpu"].value if "gpu" in resources else 0
    # A cluster's profile counts them by submission, and promises none.
    if (
        promised
        and typed.device == "cpu"
        and not workflow.resource_scopes.is_local("gpu")
    ):
        raise refusals.RefusedError(
            f"config: device = 'cpu' is not allowed with resources gpu = {promised}; "
            "must be gpu: leave device and --configfile away, or add device=gpu to --config"
        )
    other = locked.differences(ROOT / "requirements.lock")
    if other:
        print(f"python: not as requirements.lock: {', '.join(other)}", file=sys.stderr)
    if typed.from_ == "reference":
        check_archive(typed.scale, overrides)


def check_archive(scale, overrides):
    """An archive is there, is whole, and is of the settings that are asked for."""
    archived = sorted(
        path.parent.name for path in (ROOT / "results/reference").glob("*/*.json")
    )
    if scale not in archived:
        raise refusals.RefusedError(
            f"config: scale = {scale!r} is not allowed with from = reference; must be archived: "
            + (", ".join(sorted(set(archived))) or "no table is")
        )
    other = sorted(set(overrides) - {"scale", "from", "device", "mnist_dir"})
    if other:
        raise refusals.RefusedError(
            f"config: {other[0]} is not allowed with from = reference; "
            "must be left as it is archived"
        )
    integrity.verify_archive(ROOT / "results/reference" / scale)


CLAIM_FILE = ROOT / "workflow/claims.yaml"

try:
    CLAIMS = claimfile.read(CLAIM_FILE)
    SETTINGS = load_settings(config)
except refusals.RefusedError as error:
    sys.exit(str(error))
config = SETTINGS.model_dump(by_alias=True)

SCALE = SETTINGS.scale
RESULTS = f"results/{SCALE}"
ARCHIVE = os.path.relpath(ROOT / "results/reference" / SCALE)
TABLES = ARCHIVE if SETTINGS.from_ == "reference" else f"{RESULTS}/tables"
FIGURES = catalogue.main_figures()


def at_hand(name):
    """A table is to be made, or archived; no archive holds less than its list of sums says."""
    kept = ROOT / "results/reference" / SCALE / f"{name}.csv"
    return SETTINGS.from_ != "reference" or kept.is_file()


# What was never archived: its figures are left out, its claims say that it was not run.
SUPPLEMENT = [
    name
    for name in catalogue.supplement()
    if all(
        at_hand(of) for key, of in catalogue.FIGURES[name].tables.items() if key != "*"
    )
]
SWEEPS = catalogue.sweeps(SETTINGS)
SWEEP_TABLES = catalogue.sweep_tables(SETTINGS)
READINGS = {
    name: of for name, of in catalogue.readings(SETTINGS).items() if at_hand(of)
}
CLAIMED = {name: of for name, of in claimfile.tables_of(CLAIMS).items() if at_hand(of)}
# Of each other reading, the tables that take the place of ours where claims are judged by it.
INSTEAD = {
    reading: {
        table: [repeats.file_of(table, run_as) for run_as in keys]
        for table, keys in read.items()
    }
    for reading, read in catalogue.instead(SETTINGS).items()
}
OTHERWISE = sorted(
    {name for read in INSTEAD.values() for names in read.values() for name in names}
)
# What the archive lacks of them is named by `readings`, and left out.
NOT_ARCHIVED = [name for name in OTHERWISE if not at_hand(name)]
OTHERWISE = [name for name in OTHERWISE if name not in NOT_ARCHIVED]
INSTEAD = {
    reading: {
        table: names for table, names in read.items() if set(names) <= set(OTHERWISE)
    }
    for reading, read in INSTEAD.items()
}
MAKERS = catalogue.makers(SETTINGS, CLAIMED)
# The tables of the claims that some other reading says anything of.
READ_OTHERWISE = claimfile.tables_of(
    [
        claim
        for claim in CLAIMS
        if any(
            by_reading.applies(claim["tables"], read, MAKERS)
            for read in INSTEAD.values()
        )
    ]
)
SCRIPTS = ROOT / "workflow/scripts"


def code(script, *modules):
    """What a rule's numbers depend on, as one word: its script, and modules by meaning."""
    return identity.identity(SOURCES, *modules, script=SCRIPTS / script)


# What Snakemake's own report says of each figure and table; jobs do not read it.
config["captions"] = {
    "figure": captions.of_figures(),
    "table": captions.of_tables(SETTINGS),
}


def labels(kind, name):
    """The columns of Snakemake's report."""
    told = config["captions"][kind][name]["title"]
    return {"name": captions.name(name), "shows": told.partition(": ")[2] or told}


def placed(path):
    """Where a file of a run lies, for params: under the prefix of a module that has one."""
    return str(workflow.modifier.path_modifier.modify(path))


def table(name):
    """The path of a table or of its record; one that is shipped is under no prefix."""
    path = f"{TABLES}/{name}"
    return local(path) if SETTINGS.from_ == "reference" else path


def drawn(figure):
    """The tables that a figure is drawn from, by name; of all readings those at hand."""
    several = "*" in catalogue.FIGURES[figure].tables
    named = catalogue.drawn(SETTINGS, figure)
    return {key: of for key, of in named.items() if not several or at_hand(of)}


def tables_of(figure):
    """The tables that a figure is drawn from."""
    return [table(f"{name}.csv") for name in drawn(figure).values()]


def records_of(*figures):
    """Where figures' numbers come from: the records of all their tables, each once."""
    names = [name for figure in figures for name in drawn(figure).values()]
    return [table(f"{name}.json") for name in catalogue.records_of(names)]


def job_files(table, suffix):
    """A sweep's results, one a job."""
    folder, points = SWEEP_TABLES[table]
    return [
        f"{RESULTS}/points/{folder}/{name}.{suffix}"
        for name, job in JOBS[folder].items()
        if job.points[0] in points
    ]


def mnist_is_there(wildcards):
    """No file of ours; but what the user's folder lacks is refused before any job starts."""
    made = Path(placed(RESULTS)) / "data/mnist.npz"
    if config["data"] == "mnist-5000" or made.exists():
        return []
    from artifact.problems import mnist

    variable = mnist.FULL[config["data"]].variable
    key = "mnist_dir" if config["mnist_dir"] else variable
    folder = config["mnist_dir"] or os.environ.get(variable, "")
    if not folder:
        return []
    if not Path(folder).is_dir():
        sys.exit(
            f"config: {key} = {folder!r} is not allowed; must be a folder that exists"
        )
    lacking = mnist.lacking(Path(folder))
    if lacking:
        sys.exit(f"{key}: {folder}: {', '.join(lacking)} not found, plain or as .gz")
    return []


def any_of(names):
    """A wildcard that is one of some names."""
    return "|".join(map(re.escape, names)) or "(?!)"
