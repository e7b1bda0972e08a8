# A verdict for every claim of the paper: `snakemake claims`; `snakemake check` compares them.

CLAIMS = yaml.safe_load((ROOT / "config/claims.yaml").read_text())


def claimed(wildcards):
    """The repeats that claims are judged by; of an archive, those which it holds."""
    names = dict.fromkeys(name for claim in CLAIMS for name in claim["tables"])
    files = {
        name: f"{TABLES}/{'fig1_ellipses' if name == 'fig1' else name + '_runs'}.csv"
        for name in names
    }
    if config["from"] == "reference":
        return {name: path for name, path in files.items() if Path(path).exists()}
    return files


rule claims:
    input:
        unpack(claimed),
        code=code("artifact.claims.verdicts") + code("artifact.claims.repeats"),
    output:
        claims=f"{RESULTS}/claims.csv",
    log:
        f"{RESULTS}/logs/claims.log",
    params:
        claims=CLAIMS,
        root=config["seed"],
    script:
        "../scripts/claims.py"


rule check:
    input:
        claims=rules.claims.output.claims,
        code=code("artifact.claims.verdicts"),
    log:
        f"{RESULTS}/logs/check.log",
    # No input: what is archived must not be made anew to compare it with itself.
    params:
        archived=f"{ARCHIVE}/claims.csv",
    script:
        "../scripts/check.py"
