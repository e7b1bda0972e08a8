def mnist_is_there(wildcards):
    """No file of ours; but what the user's folder lacks is refused before any job starts."""
    folder = config["mnist_dir"] or os.environ.get("MNIST_DIR", "")
    if config["data"] == "mnist-full" and folder:
        key = "mnist_dir" if config["mnist_dir"] else "MNIST_DIR"
        if not Path(folder).is_dir():
            sys.exit(
                f"config: {key} = {folder!r} is not allowed; must be a folder that exists"
            )
        from artifact.problems import mnist

        lacking = mnist.lacking(Path(folder))
        if lacking:
            sys.exit(
                f"{key}: {folder}: {', '.join(lacking)} not found, plain or as .gz"
            )
    return []


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
