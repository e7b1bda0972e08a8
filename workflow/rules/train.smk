# One job a point of a sweep, its seeds inside; of logistic regression all temperatures too.

GPUS = 1 if config["device"] == "gpu" else 0


rule langevin_sweep:
    input:
        code=code("artifact.experiments.langevin_sweep"),
    output:
        runs=f"{RESULTS}/points/{{figure}}/{{point}}.csv",
        provenance=f"{RESULTS}/points/{{figure}}/{{point}}.json",
    log:
        f"{RESULTS}/logs/{{figure}}/{{point}}.log",
    wildcard_constraints:
        figure="fig2|figS1_eq8_damped",
    resources:
        gpu=GPUS,
    params:
        experiment="langevin_sweep",
        figure=lambda wildcards: wildcards.figure,
        settings=settings_of_point,
        points=points_of,
        root=config["seed"],
        device=config["device"],
        checkpoints=f"{RESULTS}/checkpoints/{{figure}}/{{point}}",
    script:
        "../scripts/experiment.py"


use rule langevin_sweep as riemannian_sweep with:
    input:
        code=code("artifact.experiments.riemannian_sweep"),
    wildcard_constraints:
        figure="figS1_((ngd|covariance)_)?(flat|jeffreys)(_damped)?",
    params:
        experiment="riemannian_sweep",
        figure=lambda wildcards: wildcards.figure,
        settings=settings_of_point,
        points=points_of,
        root=config["seed"],
        device=config["device"],
        checkpoints=f"{RESULTS}/checkpoints/{{figure}}/{{point}}",


use rule langevin_sweep as ngd_sweep with:
    input:
        code=code("artifact.experiments.ngd_sweep"),
    wildcard_constraints:
        figure="fig3|fig4b",
    params:
        experiment="ngd_sweep",
        figure=lambda wildcards: wildcards.figure,
        settings=settings_of_point,
        points=points_of,
        root=config["seed"],
        device=config["device"],
        checkpoints=f"{RESULTS}/checkpoints/{{figure}}/{{point}}",


use rule langevin_sweep as mlp with:
    input:
        images=rules.mnist.output.images,
        code=code("artifact.experiments.mlp"),
    wildcard_constraints:
        figure="fig5|fig6",
    params:
        experiment="mlp",
        figure=lambda wildcards: wildcards.figure,
        settings=settings_of_point,
        points=points_of,
        root=config["seed"],
        device=config["device"],
        checkpoints=f"{RESULTS}/checkpoints/{{figure}}/{{point}}",


use rule mlp as reading with:
    input:
        images=rules.mnist.output.images,
        code=code("artifact.experiments.readings"),
    wildcard_constraints:
        figure="readings_.*",
    params:
        experiment="readings",
        figure=lambda wildcards: wildcards.figure,
        settings=settings_of_point,
        points=points_of,
        root=config["seed"],
        device=config["device"],
        checkpoints=f"{RESULTS}/checkpoints/{{figure}}/{{point}}",


rule warm_start:
    input:
        images=rules.mnist.output.images,
        code=code("artifact.experiments.warm_start"),
    output:
        parameters=f"{RESULTS}/data/warm_start.npy",
        provenance=f"{RESULTS}/data/warm_start.json",
    log:
        f"{RESULTS}/logs/warm_start.log",
    resources:
        gpu=GPUS,
    params:
        experiment="warm_start",
        settings=config["warm_start"],
        root=config["seed"],
        device=config["device"],
    script:
        "../scripts/experiment.py"


use rule langevin_sweep as cnn with:
    input:
        images=rules.mnist.output.images,
        warm_start=rules.warm_start.output.parameters,
        code=code("artifact.experiments.cnn"),
    wildcard_constraints:
        figure="fig7|cnn_readings_.*",
    params:
        experiment="cnn",
        figure=lambda wildcards: wildcards.figure,
        settings=settings_of_point,
        points=points_of,
        root=config["seed"],
        device=config["device"],
        checkpoints=f"{RESULTS}/checkpoints/{{figure}}/{{point}}",


rule iterates:
    input:
        code=code("artifact.experiments.iterates"),
    output:
        iterates=f"{RESULTS}/tables/fig1_iterates.csv",
        ellipses=f"{RESULTS}/tables/fig1_ellipses.csv",
        provenance=f"{RESULTS}/tables/fig1.json",
    log:
        f"{RESULTS}/logs/fig1.log",
    resources:
        gpu=GPUS,
    params:
        experiment="iterates",
        settings=config["fig1"],
        root=config["seed"],
        device=config["device"],
    script:
        "../scripts/experiment.py"


rule prior:
    input:
        code=code("artifact.experiments.prior"),
    output:
        runs=f"{RESULTS}/tables/fig4a_runs.csv",
        table=f"{RESULTS}/tables/fig4a.csv",
        provenance=f"{RESULTS}/tables/fig4a.json",
    log:
        f"{RESULTS}/logs/fig4a.log",
    resources:
        gpu=GPUS,
    params:
        experiment="prior",
        settings=config["fig4a"],
        root=config["seed"],
        device=config["device"],
    script:
        "../scripts/experiment.py"


rule theorem_1:
    input:
        code=code("artifact.experiments.theorem_1"),
    output:
        exponents=f"{RESULTS}/tables/figS1.csv",
        pooled=f"{RESULTS}/tables/figS1_pooled.csv",
        provenance=f"{RESULTS}/tables/figS1.json",
    log:
        f"{RESULTS}/logs/figS1.log",
    resources:
        gpu=GPUS,
    params:
        experiment="theorem_1",
        settings=config["figS1"],
        root=config["seed"],
        device=config["device"],
    script:
        "../scripts/experiment.py"


use rule theorem_1 as theorem_2 with:
    input:
        code=code("artifact.experiments.theorem_2"),
    output:
        runs=f"{RESULTS}/tables/figS2.csv",
        provenance=f"{RESULTS}/tables/figS2.json",
    log:
        f"{RESULTS}/logs/figS2.log",
    params:
        experiment="theorem_2",
        settings=config["figS2"],
        root=config["seed"],
        device=config["device"],


use rule theorem_1 as gold_standard with:
    input:
        code=code("artifact.experiments.gold_standard"),
    output:
        distances=f"{RESULTS}/tables/figS3.csv",
        speed=f"{RESULTS}/tables/figS3_speed.csv",
        provenance=f"{RESULTS}/tables/figS3.json",
    log:
        f"{RESULTS}/logs/figS3.log",
    params:
        experiment="gold_standard",
        settings=config["figS3"],
        root=config["seed"],
        device=config["device"],


rule separable:
    input:
        code=code("artifact.experiments.separable"),
    output:
        table=f"{RESULTS}/tables/separable.csv",
        provenance=f"{RESULTS}/tables/separable.json",
    log:
        f"{RESULTS}/logs/separable.log",
    params:
        experiment="separable",
        settings=config["fig2"],
        root=config["seed"],
        device=config["device"],
    script:
        "../scripts/experiment.py"
