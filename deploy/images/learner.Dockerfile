# The xApp and the rApp, `cadran.xapp` or `cadran.rapp` as the command; with torch for the CPU.
# Build from the root of the repository:
#     docker build -f deploy/images/learner.Dockerfile -t cadran-learner .
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# The processor that the radio is compiled for. `generic` runs everywhere; with another one, the image
# compiles at each start where the processor is not the same.
ARG NUMBA_CPU_NAME=generic
ENV NUMBA_CPU_NAME=${NUMBA_CPU_NAME}
# PyTorch's index of CPU builds, where the default index carries torch with CUDA: it saves gigabytes.
ARG TORCH_INDEX_URL=""
ARG TORCH=torch==2.13.0
WORKDIR /src
RUN python -m venv --without-pip /opt/cadran
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/cadran/bin/python install ${TORCH_INDEX_URL:+--index-url ${TORCH_INDEX_URL}} ${TORCH}
COPY pyproject.toml deploy/images/requirements.py ./
RUN --mount=type=cache,target=/root/.cache/pip \
    python requirements.py xapp otel certs > requirements.txt \
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
LABEL org.opencontainers.image.title="cadran-learner" \
      org.opencontainers.image.description="Learns for O-DUs: the near-RT RIC's xApp and the non-RT RIC's rApp" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${PYTHON_IMAGE}"
RUN groupadd --gid 10001 cadran \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin cadran \
    && install -d -o 10001 -g 10001 /var/lib/cadran
COPY --from=build /opt/cadran /opt/cadran
ARG NUMBA_CPU_NAME=generic
ENV PATH=/opt/cadran/bin:${PATH} \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMP_NUM_THREADS=1 \
    NUMBA_CPU_NAME=${NUMBA_CPU_NAME} \
    CADRAN_XAPP_E2_LISTEN=0.0.0.0:36421 \
    CADRAN_XAPP_REST=0.0.0.0:8090 \
    CADRAN_XAPP_STATE_DIR=/var/lib/cadran \
    CADRAN_RAPP_REST=0.0.0.0:8091 \
    CADRAN_RAPP_STATE_DIR=/var/lib/cadran
USER 10001:10001
VOLUME /var/lib/cadran
EXPOSE 36421 8090 8091
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-IS", "/opt/cadran/probe.py", "CADRAN_XAPP_REST", "CADRAN_RAPP_REST"]
ENTRYPOINT ["python", "-m"]
CMD ["cadran.xapp"]
