# What a run is made by, the main file first.
WORKFLOW = [
    ROOT / "Snakefile",
    ROOT / "README.md",
    ROOT / "requirements.lock",
    *sorted((ROOT / "config").glob("*.yaml")),
    ROOT / "workflow/Snakefile",
    *sorted((ROOT / "workflow").glob("*/*.*")),
]


rule report:
    """One self-contained page: figures, claims, readings, provenance."""
    input:
        figures=expand("figures/{figure}.svg", figure=FIGURES + SUPPLEMENT),
        provenance=records_of(*FIGURES, *SUPPLEMENT),
        claims=rules.claims.output.claims,
        template=ROOT / "workflow/report/template.html",
        readings=ROOT / "docs/readings.md",
        theorem_1=ROOT / "docs/theorem1.md",
        compared=rules.readings.output.table,
        by_reading=rules.readings.output.by_reading,
    output:
        page=f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/report.log",
    localrule: True
    params:
        figures=FIGURES + SUPPLEMENT,
        modules=[catalogue.FIGURES[name].module for name in FIGURES + SUPPLEMENT],
        records=[records_of(name) for name in FIGURES + SUPPLEMENT],
        scale=SCALE,
        settings=SETTINGS.model_dump(by_alias=True),
        code=lambda wildcards: code(
            "report.py", "artifact.records.report", "artifact.claims.findings"
        ),
    script:
        "../scripts/report.py"


rule crate:
    """The workflow and this run's results for repositories: a Workflow Run RO-Crate."""
    input:
        results=expand("figures/{figure}.pdf", figure=FIGURES + SUPPLEMENT)
        + sorted(
            {path for figure in FIGURES + SUPPLEMENT for path in tables_of(figure)}
        )
        + [rules.claims.output.claims, rules.report.output.page],
        provenance=records_of(*FIGURES, *SUPPLEMENT),
        workflow=[local(os.path.relpath(path)) for path in WORKFLOW],
    output:
        crate=f"{RESULTS}/crate.zip",
    log:
        f"{RESULTS}/logs/crate.log",
    localrule: True
    params:
        scale=SCALE,
        home=os.path.relpath(ROOT),
        code=lambda wildcards: code("crate.py", "artifact.records.crate"),
    script:
        "../scripts/crate.py"
