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
        table="fig2|fig3|fig4b|fig5|fig6|fig7a|fig7b",
    script:
        "../scripts/sweep_table.py"
