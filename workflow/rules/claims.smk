rule claims:
    """A verdict for every claim of the paper."""
    input:
        **{name: table(f"{of}.csv") for name, of in CLAIMED.items()},
    output:
        claims=report(
            f"{RESULTS}/claims.csv",
            caption="../report/table.rst",
            category="Claims",
            labels=lambda wildcards: labels("table", "claims"),
        ),
    log:
        f"{RESULTS}/logs/claims.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        claims=os.path.relpath(CLAIM_FILE),
        scale=SCALE,
        judged_by=identity.digest(CLAIM_FILE),
        root=config["seed"],
        code=lambda wildcards: code(
            "claims.py", "artifact.claims.verdicts", "artifact.claims.repeats"
        ),
    script:
        "../scripts/claims.py"


rule readings:
    """The readings of the text, each beside the one that was chosen; and the verdicts under each."""
    input:
        sorted(table(f"{of}.csv") for of in READ_OTHERWISE.values()),
        [table(f"{name}.csv") for name in OTHERWISE],
        **{name: table(f"{of}_runs.csv") for name, of in READINGS.items()},
        figure="figures/readings.pdf",
    output:
        table=report(
            f"{RESULTS}/readings.csv",
            caption="../report/table.rst",
            category="Claims",
            labels=lambda wildcards: labels("table", "readings"),
        ),
        by_reading=f"{RESULTS}/claims_by_reading.csv",
    log:
        f"{RESULTS}/logs/readings.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        readings=READINGS,
        claimed=READ_OTHERWISE,
        instead=INSTEAD,
        lacking=NOT_ARCHIVED,
        makers=MAKERS,
        claims=os.path.relpath(CLAIM_FILE),
        judged_by=identity.digest(CLAIM_FILE),
        scale=SCALE,
        root=config["seed"],
        code=lambda wildcards: code(
            "readings.py",
            "artifact.figures.readings.compare_readings",
            "artifact.claims.by_reading",
            "artifact.claims.repeats",
        ),
    script:
        "../scripts/readings.py"


rule accept:
    """New verdicts into the archive."""
    input:
        claims=rules.claims.output.claims,
    log:
        f"{RESULTS}/logs/accept.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        archive=ARCHIVE,
    script:
        "../scripts/archive.py"


rule check:
    """Are the verdicts those that are archived?"""
    input:
        claims=rules.claims.output.claims,
    log:
        f"{RESULTS}/logs/check.log",
    localrule: True
    conda:
        "../../environment.yml"
    # No input: what is archived must not be made anew to compare it with itself.
    params:
        archived=f"{ARCHIVE}/claims.csv",
    script:
        "../scripts/check.py"
