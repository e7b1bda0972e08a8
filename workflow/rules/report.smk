# One self-contained page: figures, claims, readings, provenance.


rule report:
    input:
        figures=expand("figures/{figure}.svg", figure=FIGURES + SUPPLEMENT),
        provenance=[provenance_of(figure) for figure in FIGURES + SUPPLEMENT],
        claims=rules.claims.output.claims,
        template=ROOT / "workflow/report/template.html",
        readings=ROOT / "docs/readings.md",
        compared=rules.readings.output.table,
        code=code("artifact.report"),
    output:
        page=f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/report.log",
    params:
        figures=FIGURES + SUPPLEMENT,
        scale=SCALE,
        settings=dict(config),
    script:
        "../scripts/report.py"


# The same for repositories: a Workflow Run RO-Crate.
rule crate:
    input:
        results=expand("figures/{figure}.pdf", figure=FIGURES + SUPPLEMENT)
        + sorted(
            {path for figure in FIGURES + SUPPLEMENT for path in tables_of(figure)}
        )
        + [rules.claims.output.claims, rules.report.output.page],
        provenance=[provenance_of(figure) for figure in FIGURES + SUPPLEMENT],
        workflow=WORKFLOW,
        code=code("artifact.crate"),
    output:
        crate=f"{RESULTS}/crate.zip",
    log:
        f"{RESULTS}/logs/crate.log",
    params:
        scale=SCALE,
    script:
        "../scripts/crate.py"
