# Tables in, figures out; restyling one re-runs no chain.

PLOTTED = {
    "fig1": {"iterates": "fig1_iterates", "ellipses": "fig1_ellipses"},
    "fig4": {"prior": "fig4a", "table": "fig4b"},
    "fig7": {"panel_a": "fig7a", "panel_b": "fig7b"},
}
RECORDED = {"fig4": "fig4b", "fig7": "fig7a"}


def plotted(wildcards):
    """The tables that a figure is drawn from, by the names of its `draw`."""
    tables = PLOTTED.get(wildcards.figure, {"table": wildcards.figure})
    return {name: f"{RESULTS}/tables/{table}.csv" for name, table in tables.items()}


rule plot:
    input:
        unpack(plotted),
        provenance=lambda wildcards: (
            f"{RESULTS}/tables/{RECORDED.get(wildcards.figure, wildcards.figure)}.json"
        ),
        code=lambda wildcards: code(f"artifact.plots.{wildcards.figure}"),
    output:
        pdf="figures/{figure}.pdf",
        png="figures/{figure}.png",
    log:
        f"{RESULTS}/logs/plot_{{figure}}.log",
    wildcard_constraints:
        figure="fig[1-7]",
    params:
        scale=SCALE,
    script:
        "../scripts/plot.py"
