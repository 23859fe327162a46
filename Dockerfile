# The tag is not pinned to a digest: the base takes Debian's security fixes at each build. The
# Python packages on top are pinned by hash. Build: docker build -t citewire .

# int8-avx2 runs well on any processor, whichever the image was built on. For one kind alone:
# docker build --build-arg QUANTIZATION=int8-vnni (or int8-arm64) …
ARG QUANTIZATION=int8-avx2

# Turns the model into the int8 encoder and indexes the bundled articles. torch stays in this stage.
FROM python:3.11-slim-bookworm AS builder
WORKDIR /src
COPY pyproject.toml ./
COPY requirements requirements
RUN sh requirements/install.sh export without-project
COPY README.md LICENSE ./
COPY corpus corpus
COPY index index
COPY bot bot
COPY evals evals
RUN sh requirements/install.sh export \
    && .venv/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .
ARG QUANTIZATION
ENV CITEWIRE_QUANTIZATION=$QUANTIZATION \
    CITEWIRE_MODELS=/opt/citewire/models \
    CITEWIRE_DATA=/opt/citewire/demo
RUN .venv/bin/citewire index && .venv/bin/citewire doctor

# What runs: the locked packages and the four of ours, in a virtual environment without pip.
FROM python:3.11-slim-bookworm AS packages
COPY requirements/run.txt /requirements/run.txt
RUN python -m venv --without-pip /opt/citewire/venv \
    && pip --python /opt/citewire/venv/bin/python install --no-cache-dir --no-deps \
        --require-hashes --only-binary :all: -r /requirements/run.txt
COPY --from=builder /wheels /wheels
RUN pip --python /opt/citewire/venv/bin/python install --no-cache-dir --no-deps --no-index \
        /wheels/*.whl \
    && ! /opt/citewire/venv/bin/python -c 'import torch' 2>/dev/null

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Citewire" \
      org.opencontainers.image.description="Answers questions over a collection of articles with cited, verbatim passages." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 citewire \
    && useradd --uid 10001 --gid citewire --no-create-home --home-dir /data --shell /usr/sbin/nologin citewire
COPY --from=packages /opt/citewire/venv /opt/citewire/venv
COPY --from=builder /opt/citewire/models /opt/citewire/models
# A fresh volume starts with the demo index; a folder mounted over it starts empty.
COPY --from=builder --chown=10001:10001 /opt/citewire/demo /data
ARG QUANTIZATION
ENV PATH=/opt/citewire/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CITEWIRE_QUANTIZATION=$QUANTIZATION \
    CITEWIRE_MODELS=/opt/citewire/models \
    CITEWIRE_DATA=/data
USER 10001:10001
WORKDIR /data
# Nothing else is written: docker run --read-only --tmpfs /tmp works.
VOLUME /data
HEALTHCHECK --interval=60s --timeout=20s --start-period=10s CMD ["citewire", "doctor"]
ENTRYPOINT ["citewire"]
CMD ["ask", "How much is Huawei's smart car unit worth?"]
