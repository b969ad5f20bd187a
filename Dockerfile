# rollout on Debian's own Python, with the ssh, git and rsync that it calls; nothing of ours runs as root.
ARG BASE=debian:12-slim

FROM ${BASE} AS built
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/rollout
WORKDIR /usr/src/rollout
COPY requirements/build.txt requirements/rollout.txt requirements/
RUN /opt/rollout/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
        --requirement requirements/build.txt \
    && /opt/rollout/bin/pip install --no-cache-dir --require-hashes --no-build-isolation \
        --requirement requirements/rollout.txt
COPY pyproject.toml setup.py README.md LICENSE ./
COPY rollout rollout
# The checkout's .git stays outside, so the commit that `rollout --version` names is said.
ARG ROLLOUT_COMMIT=
# What only builds has no place where it runs.
RUN /opt/rollout/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/rollout/bin/pip uninstall --yes --quiet pbr setuptools wheel pip

FROM ${BASE}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 openssh-client git rsync \
    && apt-get clean && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 rollout
COPY --from=built /opt/rollout /opt/rollout
RUN ln -s /opt/rollout/bin/rollout /usr/local/bin/rollout
USER rollout
WORKDIR /home/rollout
ENTRYPOINT ["rollout"]
CMD ["--help"]
