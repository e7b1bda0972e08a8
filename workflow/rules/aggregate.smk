rule sweep_table:
    input:
        runs=lambda wildcards: point_files(wildcards.table, "csv"),
        provenance=lambda wildcards: point_files(wildcards.table, "json"),
        code=code("artifact.tables"),
    output:
        runs=f"{RESULTS}/tables/{{table}}_runs.csv",
        table=f"{RESULTS}/tables/{{table}}.csv",
        provenance=f"{RESULTS}/tables/{{table}}.json",
    log:
        f"{RESULTS}/logs/{{table}}.log",
    wildcard_constraints:
        table="fig2|fig3|fig4b|fig5|fig6|fig7a|fig7b|figS1_(?!pooled).*|(cnn_)?readings_.*",
    script:
        "../scripts/sweep_table.py"


if config["from"] == "chains":

    # Kept in git, so that `--config from=reference` can redraw figures without a chain.
    rule archive:
        input:
            f"{RESULTS}/tables/{{table}}",
        output:
            f"{ARCHIVE}/{{table}}",
        log:
            f"{RESULTS}/logs/archive_{{table}}.log",
        shell:
            "cp {input} {output} 2> {log}"
