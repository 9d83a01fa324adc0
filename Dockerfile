# The `ordersync` command and the Dagster code location in one image. Build: docker build -t ordersync .
# The base image has a tag, but no digest. Pin your digest: --build-arg PYTHON_IMAGE=python@sha256:…
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

# hadolint ignore=DL3006 # the tag is in the argument
FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY requirements/run.txt requirements/dev.txt requirements/
# Runtime requirements, checked by hash.
RUN python3 -m venv /opt/ordersync \
    && /opt/ordersync/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/run.txt
# The build backend, also checked by hash, in a separate environment that is not copied into the image.
RUN sed -n '/^setuptools==/,/# via/p' requirements/dev.txt > requirements/build.txt \
    && python3 -m venv /opt/build \
    && /opt/build/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/build.txt
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY ordersync_dagster/ ordersync_dagster/
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/ordersync/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps dist/*.whl

# hadolint ignore=DL3006 # the tag is in the argument
FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 ordersync \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ordersync \
    && install --directory --owner=ordersync --group=ordersync /var/lib/dagster /var/lib/ordersync
COPY --from=build /opt/ordersync /opt/ordersync
# Only /tmp must be writable; the root file system may be read-only. compose.yaml mounts volumes at the two folders, which
# take over their owner.
ENV PATH=/opt/ordersync/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DAGSTER_REDACT_USER_CODE_ERRORS=1 \
    HOME=/tmp
WORKDIR /app
USER 10001:10001
ENTRYPOINT ["ordersync"]
CMD ["--help"]
