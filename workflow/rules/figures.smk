rule plot:
    """A figure from its tables; restyling one re-runs no chain."""
    input:
        unpack(
            lambda wildcards: dict(
                zip(
                    drawn(wildcards.figure),
                    tables_of(wildcards.figure),
                    strict=True,
                )
            )
        ),
        provenance=lambda wildcards: records_of(wildcards.figure),
    output:
        pdf="figures/{figure}.pdf",
        png="figures/{figure}.png",
        svg=report(
            "figures/{figure}.svg",
            caption="../report/figure.rst",
            category=lambda wildcards: (
                "Figures of the paper"
                if catalogue.FIGURES[wildcards.figure].main
                else "Figures of our own"
            ),
            labels=lambda wildcards: labels("figure", wildcards.figure),
        ),
    log:
        f"{RESULTS}/logs/plot_{{figure}}.log",
    wildcard_constraints:
        figure=any_of(catalogue.FIGURES),
    localrule: True
    conda:
        "../../environment.yml"
    params:
        scale=SCALE,
        module=lambda wildcards: catalogue.FIGURES[wildcards.figure].module,
        code=lambda wildcards: code(
            "plot.py", catalogue.FIGURES[wildcards.figure].module
        ),
    script:
        "../scripts/plot.py"
