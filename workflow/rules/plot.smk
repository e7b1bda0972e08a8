# Tables in, figures out; restyling one re-runs no chain.


rule plot:
    input:
        unpack(plotted),
        provenance=lambda wildcards: provenance_of(wildcards.figure),
        code=lambda wildcards: code(f"artifact.plots.{wildcards.figure}"),
    output:
        pdf="figures/{figure}.pdf",
        png="figures/{figure}.png",
        svg="figures/{figure}.svg",
    log:
        f"{RESULTS}/logs/plot_{{figure}}.log",
    wildcard_constraints:
        figure="fig([1-7]|S1[bc]?|S2|S3)|readings",
    params:
        scale=SCALE,
    script:
        "../scripts/plot.py"
