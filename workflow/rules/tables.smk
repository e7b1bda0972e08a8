rule sweep_table:
    """The means and errors of a sweep from its points."""
    input:
        runs=lambda wildcards: job_files(wildcards.table, "csv"),
        provenance=lambda wildcards: job_files(wildcards.table, "json"),
    output:
        runs=f"{RESULTS}/tables/{{table}}_runs.csv",
        table=report(
            f"{RESULTS}/tables/{{table}}.csv",
            caption="../report/table.rst",
            category="Tables",
            labels=lambda wildcards: labels("table", wildcards.table),
        ),
        provenance=f"{RESULTS}/tables/{{table}}.json",
    log:
        f"{RESULTS}/logs/{{table}}.log",
    wildcard_constraints:
        table=any_of(SWEEP_TABLES),
    localrule: True
    conda:
        "../../environment.yml"
    params:
        code=lambda wildcards: code("sweep_table.py", "artifact.records.tables"),
    script:
        "../scripts/sweep_table.py"


rule archive_chains:
    """Finished chains into the archive; a later run begins from them."""
    log:
        f"{RESULTS}/logs/archive_chains.log",
    localrule: True
    conda:
        "../../environment.yml"
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
            # Those of logistic regression take a fraction of a second each.
            if not catalogue.experiment_of(folder).together
        },
        root=config["seed"],
        points=placed(f"{RESULTS}/points"),
        archive=ARCHIVE,
    script:
        "../scripts/archive_chains.py"


# No output: what is archived is never Snakemake's to delete.
rule archive:
    """All tables into results/reference, from which `--config from=reference` draws."""
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
    conda:
        "../../environment.yml"
    params:
        archive=ARCHIVE,
    script:
        "../scripts/archive.py"
