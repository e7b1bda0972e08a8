# One self-contained page: figures, claims, readings, provenance.


rule report:
    input:
        figures=expand("figures/{figure}.svg", figure=FIGURES + SUPPLEMENT),
        provenance=[provenance_of(figure) for figure in FIGURES + SUPPLEMENT],
        claims=rules.claims.output.claims,
        template=ROOT / "workflow/report/template.html",
        readings=ROOT / "docs/readings.md",
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
