# Everything in one image, from the lock; it runs without a network:
#   docker build --tag ngd-posterior .   (built by podman on Debian 12 with its Python 3.11: Figs 1 and 2 at `smoke` to the host's bytes; not on the base below)
#   docker run --rm --network none --volume "$PWD/figures:/ngd-posterior/figures" ngd-posterior
# Any base with Python >= 3.11, its venv and apt will do.
ARG BASE=docker.io/library/python:3.12-slim-bookworm
FROM ${BASE}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /ngd-posterior
COPY . .
RUN make .venv/.complete && git config --system --add safe.directory /ngd-posterior
ENV PATH=/ngd-posterior/.venv/bin:$PATH
CMD ["make", "figures"]
