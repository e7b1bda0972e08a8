rule mnist:
    input:
        mnist_is_there,
    output:
        images=f"{RESULTS}/data/mnist.npz",
    log:
        f"{RESULTS}/logs/mnist.log",
    # Its mirrors are tried in turn already, and a wrong file stays wrong.
    retries: 0
    params:
        name=config["data"],
        test_images=config["test_images"],
        seed=config["seed"],
        cache="results/downloads",
        code=lambda wildcards: code("mnist.py", "artifact.problems.mnist"),
    script:
        "../scripts/mnist.py"
