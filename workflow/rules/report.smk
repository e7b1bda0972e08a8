# All that a run is made by, so that the crate plans where it is unpacked; the main file first.
WORKFLOW = [
    ROOT / "Snakefile",
    *sorted(
        path
        for pattern in (
            "*.md",
            "CITATION.cff",
            "Dockerfile",
            "LICENSE",
            "Makefile",
            "apptainer.def",
            "codemeta.json",
            "config/*",
            "docs/*.md",
            "environment.yml",
            "profiles/*/*",
            "pyproject.toml",
            "requirements*.lock",
            "src/**/*.py",
            "workflow/**/*",
        )
        for path in ROOT.glob(pattern)
        if path.is_file()
        and not path.name.startswith(".")
        and "__pycache__" not in path.parts
    ),
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
    conda:
        "../../environment.yml"
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
    conda:
        "../../environment.yml"
    params:
        scale=SCALE,
        home=os.path.relpath(ROOT),
        code=lambda wildcards: code("crate.py", "artifact.records.crate"),
    script:
        "../scripts/crate.py"
