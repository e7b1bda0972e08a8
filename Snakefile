# All seven figures: `snakemake`, or one: `snakemake figures/fig7.pdf`.


include: "workflow/Snakefile"


rule figures:
    """The paper's seven figures; what plain `snakemake` makes."""
    default_target: True
    input:
        rules.all.input,
