# The dApp of one DU: numpy, gRPC and nothing that learns.
# Build from the root of the repository:
#     docker build -f deploy/images/dapp.Dockerfile -t cadran-dapp .
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
RUN python -m venv --without-pip /opt/cadran
COPY pyproject.toml deploy/images/requirements.py ./
RUN --mount=type=cache,target=/root/.cache/pip \
    python requirements.py otel > requirements.txt \
    && pip --python /opt/cadran/bin/python install -r requirements.txt
COPY README.md LICENSE ./
COPY services services
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/cadran/bin/python install --no-deps .
COPY scenarios /opt/cadran/scenarios
COPY deploy/images/probe.py /opt/cadran/probe.py

FROM ${PYTHON_IMAGE}
ARG PYTHON_IMAGE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cadran-dapp" \
      org.opencontainers.image.description="Decides for one O-DU within the frame" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${PYTHON_IMAGE}"
RUN groupadd --gid 10001 cadran \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin cadran
COPY --from=build /opt/cadran /opt/cadran
ENV PATH=/opt/cadran/bin:${PATH} \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMP_NUM_THREADS=1 \
    CADRAN_DAPP_HTTP=0.0.0.0:8092
USER 10001:10001
EXPOSE 8092
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-IS", "/opt/cadran/probe.py", "CADRAN_DAPP_HTTP"]
ENTRYPOINT ["python", "-m", "cadran.dapp"]
