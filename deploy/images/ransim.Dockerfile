# The simulated RAN with its E3 and E2 agents; the radio is compiled when the image is built.
# Build from the root of the repository:
#     docker build -f deploy/images/ransim.Dockerfile -t cadran-ransim .
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# The processor that the radio is compiled for. `generic` runs everywhere; with another one, the image
# compiles at each start where the processor is not the same.
ARG NUMBA_CPU_NAME=generic
ENV NUMBA_CPU_NAME=${NUMBA_CPU_NAME}
WORKDIR /src
RUN python -m venv --without-pip /opt/cadran
COPY pyproject.toml deploy/images/requirements.py ./
RUN --mount=type=cache,target=/root/.cache/pip \
    python requirements.py ran otel > requirements.txt \
    && pip --python /opt/cadran/bin/python install -r requirements.txt
COPY README.md LICENSE ./
COPY services services
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/cadran/bin/python install --no-deps . \
    && /opt/cadran/bin/python -m cadran.radio.warm
COPY scenarios /opt/cadran/scenarios
COPY deploy/images/probe.py /opt/cadran/probe.py

FROM ${PYTHON_IMAGE}
ARG PYTHON_IMAGE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cadran-ransim" \
      org.opencontainers.image.description="Simulates RUs, UEs and O-DUs with their E3 and E2 agents" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${PYTHON_IMAGE}"
RUN groupadd --gid 10001 cadran \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin cadran
COPY --from=build /opt/cadran /opt/cadran
ARG NUMBA_CPU_NAME=generic
ENV PATH=/opt/cadran/bin:${PATH} \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMP_NUM_THREADS=1 \
    NUMBA_CPU_NAME=${NUMBA_CPU_NAME} \
    CADRAN_RANSIM_E3_LISTEN=0.0.0.0:36422 \
    CADRAN_RANSIM_HTTP=0.0.0.0:8091
USER 10001:10001
EXPOSE 36422 8091
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-IS", "/opt/cadran/probe.py", "CADRAN_RANSIM_HTTP"]
ENTRYPOINT ["python", "-m", "cadran.ransim"]
