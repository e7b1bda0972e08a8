# All seven figures: `snakemake`, or one: `snakemake figures/fig7.pdf`.


include: "workflow/Snakefile"


rule figures:
    default_target: True
    input:
        rules.all.input,
