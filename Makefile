# The environment comes from the lock file; everything else is Snakemake's and pytest's.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
ENVIRONMENT := .venv/.complete

# Of an environment whose Python is here: its programs name it by its whole path, which ends with a move.
WHOLE = $(shell test -x .venv/bin/python && grep -qsF "$$(pwd -P)/.venv/bin/" .venv/bin/snakemake && echo yes)

# Packages go into the environment and come from the lock, whatever pip and Python are told elsewhere.
ALONE := env -u PYTHONPATH -u PYTHONHOME -u PIP_TARGET -u PIP_PREFIX -u PIP_CONSTRAINT PIP_USER=0
PIP := $(ALONE) $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Snakemake asks for immutables, of which there is no wheel for Python 3.14.
BUILDS := 'import os, shutil, sys, sysconfig; \
  header = os.path.join(sysconfig.get_path("include"), "Python.h"); \
  sys.exit(sys.version_info >= (3, 14) and not (shutil.which("cc") and os.path.exists(header)))'

.PHONY: figures claims check report site archive test test-cluster test-faults lint format mutants bench growth progress unlock gpu lock \
  lowest highest \
  clean clean-environment

figures: $(ENVIRONMENT)
	$(BIN)/snakemake

# A verdict for every claim; and whether each is the one that is archived.
claims: $(ENVIRONMENT)
	$(BIN)/snakemake claims

# Everything on one page, that needs no network.
report: $(ENVIRONMENT)
	$(BIN)/snakemake report

check: $(ENVIRONMENT)
	$(BIN)/snakemake check

# The documents and the library's reference as a site, docs/_build/index.html; asks nothing of the network.
site: $(ENVIRONMENT)
	$(BIN)/python -m sphinx -W --keep-going --quiet docs docs/_build

# For a repository that gives a DOI: a commit's source, lock, archived results and crate in one file, and its checksum. Uncompressed,
# since compressors differ.
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' src/ngd/__init__.py)
PACKED = ngd-posterior-$(VERSION)
archive: $(ENVIRONMENT)
	@test -z "$$(git status --porcelain)" || { echo "make: changes are not allowed in an archive; must be committed" >&2; exit 1; }
	rm -rf build/archive && mkdir -p build/archive
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/snakemake --directory build/archive \
	  --config scale=paper from=reference -- crate
	git archive --format=tar --prefix=$(PACKED)/ --add-file=build/archive/results/paper/crate.zip --output=build/$(PACKED).tar HEAD
	cd build && sha256sum $(PACKED).tar | tee $(PACKED).tar.sha256

# Each worker is held to a core: two JAX processes that both take every core are slower than one.
test: $(ENVIRONMENT)
	NPROC=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations=60

# The smoke pipeline and its faults through a Slurm and a Grid Engine of this machine, from Debian's packages; and tables of docs/faults.md.
test-cluster: $(ENVIRONMENT)
	@for p in munged slurmctld slurmd sbatch sge_qmaster sge_execd qsub; do \
	  PATH=$$PATH:/usr/sbin command -v $$p >/dev/null || missing=1; done; \
	  test -z "$$missing" || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends munge slurmctld slurmd slurm-client \
	  gridengine-master gridengine-exec gridengine-client; }
	FAULTS=nightly $(BIN)/python -m pytest -m cluster tests/cluster --durations=0

# Over a hundred faults, and the table of docs/faults.md; five minutes.
test-faults: $(ENVIRONMENT)
	FAULTS=nightly $(BIN)/python -m pytest tests/workflow/test_faults.py

lint: $(ENVIRONMENT)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy benchmarks
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

format: $(ENVIRONMENT)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/snakefmt Snakefile workflow

# Breaks each definition on purpose, one at a time, and prints those that no fast test caught.
mutants: $(ENVIRONMENT)
	$(BIN)/python tests/mutants.py

# Whole updates against plain references, each sampler's against its dense twin; threads or jobs.
bench: $(ENVIRONMENT)
	$(BIN)/python benchmarks/update.py --threads 1
	$(BIN)/python benchmarks/update.py
	$(BIN)/python benchmarks/samplers.py
	$(BIN)/python benchmarks/jobs.py

growth: $(ENVIRONMENT)
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/metrics.py
	$(BIN)/python benchmarks/planning.py

# How far a run is that goes on in another terminal, live: `make progress SCALE=paper`.
SCALE ?= quick
progress: $(ENVIRONMENT)
	@$(BIN)/python -m artifact.engine.progress results/$(SCALE)/logs

# After a kill -9 of Snakemake: ends the jobs that it left with Slurm or Grid Engine, if any, and takes its lock away.
unlock: $(ENVIRONMENT)
	@cat .snakemake/log/*.log | sed -n 's/.*SLURM run ID: //p' | sort -u | xargs -r -n 1 scancel --name
	@jobs=$$(cat .snakemake/log/*.log 2>/dev/null | sed -n "s/.* with external jobid '\([0-9]*\)'.*/\1/p"); test -z "$$jobs" || \
	  { left=$$(qstat -u "$$(id -un)") && echo "$$left" | awk '{ print $$1 }' | grep -Fx "$$jobs" | xargs -r qdel; }
	$(BIN)/snakemake --unlock

# Turns the environment into one for NVIDIA GPUs.
gpu: $(ENVIRONMENT)
	$(PIP) --require-hashes -r requirements-gpu.lock

$(ENVIRONMENT): requirements.lock pyproject.toml $(if $(WHOLE),,clean-environment)
	@case "$$PWD" in *[[:space:]]*) echo "make: the path $$PWD is not allowed; must be without white space" >&2; exit 1;; esac
	@test -n "$(PYTHON)" || { echo "make: no Python >= 3.11 found; set PYTHON=/path/to/python" >&2; exit 1; }
	@$(ALONE) $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: $(PYTHON) lacks its module venv; install it (Debian: python3-venv) or set PYTHON=/path/to/python" >&2; exit 1; }
	@$(ALONE) $(PYTHON) -c $(BUILDS) || { \
	  echo "make: with Python >= 3.14 a package is built, which asks for cc and Python.h; install them (Debian: gcc, python3-dev) or set" \
	  "PYTHON=/path/to/python3.13" >&2; exit 1; }
	$(ALONE) $(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

# Renews the lock files; needs uv.
COMPILE = uv pip compile pyproject.toml --extra sample --extra figures --extra cluster --extra docs --extra dev --universal \
  --python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url \
  --no-header --no-annotate
lock:
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --extra gpu --constraints requirements.lock --output-file requirements-gpu.lock
	$(BIN)/python -m artifact.records.locked > environment.yml

# README's example from a wheel, with the lowest and the highest versions that pyproject.toml allows; needs uv and the network.
lowest highest:
	sed -n '/^```python/,/^```$$/p' README.md | grep -v '^```' | \
	  uv run --no-project --isolated --with '.[sample]' --resolution $(subst lowest,lowest-direct,$@) python -

clean: clean-environment
	rm -rf .snakemake docs/_build results/smoke results/quick results/paper figures/*.pdf figures/*.png figures/*.svg

clean-environment:
	rm -rf .venv
