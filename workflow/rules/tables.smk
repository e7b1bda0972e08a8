# From the points of a sweep to its table, and from results to the archive.


rule sweep_table:
    input:
        runs=lambda wildcards: job_files(wildcards.table, "csv"),
        provenance=lambda wildcards: job_files(wildcards.table, "json"),
    output:
        runs=f"{RESULTS}/tables/{{table}}_runs.csv",
        table=f"{RESULTS}/tables/{{table}}.csv",
        provenance=f"{RESULTS}/tables/{{table}}.json",
    log:
        f"{RESULTS}/logs/{{table}}.log",
    wildcard_constraints:
        table=any_of(SWEEP_TABLES),
    localrule: True
    params:
        code=lambda wildcards: code("sweep_table.py", "artifact.records.tables"),
    script:
        "../scripts/sweep_table.py"


# What is finished of the sweeps whose chains take minutes or more. A later run begins from it.
rule archive_chains:
    log:
        f"{RESULTS}/logs/archive_chains.log",
    localrule: True
    params:
        sweeps={
            folder: {
                "settings": sweep.of_point(),
                "panels": {
                    table: [point._asdict() for point in points]
                    for table, (of, points) in SWEEP_TABLES.items()
                    if of == folder
                },
            }
            for folder, sweep in SWEEPS.items()
            if isinstance(sweep, Lasting)
        },
        root=config["seed"],
        points=placed(f"{RESULTS}/points"),
        archive=ARCHIVE,
    script:
        "../scripts/archive_chains.py"


# Kept in git, so that `--config from=reference` can redraw figures without a chain. No output:
# what is archived is never Snakemake's to delete.
rule archive:
    input:
        sorted(
            {
                path
                for figure in FIGURES + SUPPLEMENT
                for path in [*tables_of(figure), *records_of(figure)]
            }
            | {table(f"{name}.csv") for name in [*OTHERWISE, *CLAIMED.values()]}
            | {
                table(f"{name}.json")
                for name in catalogue.records_of([*OTHERWISE, *CLAIMED.values()])
            }
        ),
    log:
        f"{RESULTS}/logs/archive.log",
    localrule: True
    params:
        archive=ARCHIVE,
    script:
        "../scripts/archive.py"
