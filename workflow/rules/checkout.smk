# Where the files lie that come with this one: beside it, also in a module or when started elsewhere.

import subprocess
import tempfile


def checkout(here):
    """The folder above workflow/. Of a module on a host the commit, cloned: Snakemake fetches single files."""
    if isinstance(here, os.PathLike):
        return Path(here).parents[1]
    if not hasattr(here, "hosted_repo"):
        sys.exit(
            f"module: {here} is not allowed; must be a path, github(...) or gitlab(...)"
        )

    def git(*arguments):
        run = subprocess.run(["git", *arguments], capture_output=True, text=True)
        if run.returncode:
            sys.exit(f"module: git {' '.join(arguments)}: {run.stderr.strip()}")
        return run.stdout.strip()

    fetched = here.hosted_repo.repo.git_dir
    commit = git("-C", fetched, "rev-parse", "--verify", f"{here.ref}^{{commit}}")
    folder = Path.cwd() / ".snakemake/ngd-posterior" / commit
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as new:
            cloned = Path(new) / "clone"
            git("clone", "--quiet", "--no-checkout", fetched, str(cloned))
            git("-C", str(cloned), "checkout", "--quiet", "--detach", commit)
            cloned.rename(folder)
    return folder


ROOT = checkout(workflow.current_basedir)
