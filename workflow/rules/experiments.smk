# A rule for each experiment of the catalogue.

GPUS = 1 if config["device"] == "gpu" else 0


def needs(entry):
    """The files that an experiment reads, by the names of its arguments."""
    files = {"images": f"{RESULTS}/data/mnist.npz"}
    for name, other in catalogue.EXPERIMENTS.items():
        if isinstance(other, catalogue.Whole) and len(other.results) == 1:
            (result,) = other.results.values()
            files[name] = f"{RESULTS}/{result}"
    return {need: files[need] for need in entry.needs}


def tabled(path):
    """A result, in Snakemake's report if it is a table."""
    result = f"{RESULTS}/{path}"
    if not path.endswith(".csv"):
        return result
    return report(
        result,
        caption="../report/table.rst",
        category="Tables",
        labels=lambda wildcards: labels("table", Path(path).stem),
    )


def memory(entry):
    """Its MB, of which a job that is tried again asks for more."""
    return lambda wildcards, attempt: entry.memory * attempt


# A GPU runs all temperatures of an N and ε at the same time, since one chain leaves it idle.
JOBS = {
    folder: sweep.jobs(catalogue.experiment_of(folder).together or GPUS > 0)
    for folder, sweep in SWEEPS.items()
}


def job_of(wildcards):
    """The points and seeds that a file's name stands for."""
    jobs = JOBS[wildcards.figure]
    if wildcards.job not in jobs:
        sys.exit(
            f"{wildcards.figure}/{wildcards.job} is no job of these settings; "
            f"the first is {next(iter(jobs))}"
        )
    return jobs[wildcards.job]


for name, entry in catalogue.EXPERIMENTS.items():
    if isinstance(entry, catalogue.Whole):

        rule:
            name:
                name
            input:
                **needs(entry),
            output:
                **{result: tabled(path) for result, path in entry.results.items()},
                provenance=f"{RESULTS}/{entry.record}",
            log:
                f"{RESULTS}/logs/{name}.log",
            conda:
                "../../environment.yml"
            resources:
                gpu=GPUS if entry.trains else 0,
                mem_mb=memory(entry),
            params:
                **(
                    {"checkpoints": placed(f"{RESULTS}/checkpoints/{name}")}
                    if entry.pieces
                    else {}
                ),
                optimised=config["optimised"],
                experiment=name,
                settings=config[entry.settings],
                root=config["seed"],
                device=config["device"],
                code=lambda wildcards, entry=entry: code("whole.py", entry.module),
            script:
                "../scripts/whole.py"

    else:

        # A job a point of a sweep and a block of seeds; of logistic regression all
        # temperatures too.
        rule:
            name:
                name
            input:
                **needs(entry),
            output:
                runs=f"{RESULTS}/points/{{figure}}/{{job}}.csv",
                provenance=f"{RESULTS}/points/{{figure}}/{{job}}.json",
            log:
                f"{RESULTS}/logs/{{figure}}/{{job}}.log",
            wildcard_constraints:
                figure=any_of(
                    folder
                    for folder in SWEEPS
                    if catalogue.group_of(folder).made_by == name
                ),
            conda:
                "../../environment.yml"
            resources:
                gpu=GPUS,
                mem_mb=memory(entry),
            params:
                optimised=config["optimised"],
                experiment=name,
                figure=lambda wildcards: wildcards.figure,
                settings=lambda wildcards: SWEEPS[wildcards.figure].of_point(),
                points=lambda wildcards: [
                    point._asdict() for point in job_of(wildcards).points
                ],
                updates=lambda wildcards: list(
                    SWEEPS[wildcards.figure].updates(
                        job_of(wildcards).points[0].learning_rate
                    )
                ),
                seeds=lambda wildcards: list(job_of(wildcards).seeds),
                root=config["seed"],
                device=config["device"],
                code=lambda wildcards, entry=entry: code(
                    "chains.py", entry.module, "artifact.engine.chains"
                ),
                checkpoints=placed(f"{RESULTS}/checkpoints/{{figure}}/{{job}}"),
                # No input: chains that are archived later must not run these again.
                archive=f"{ARCHIVE}/chains/{{figure}}.csv",
            script:
                "../scripts/chains.py"

    getattr(rules, name).rule.docstring = captions.caption(entry.module).title
