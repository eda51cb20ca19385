# A GPU host in a container. Not built where it was written: no Docker engine was there (docs/gpu.md).
#
#   docker build --tag edgedigits .
#   docker run --rm --gpus all edgedigits
#   docker run --rm --gpus all --volume "$PWD/out:/data/out" edgedigits train --device gpu --out out/float
FROM python:3.11-slim-bookworm

# A C compiler for `edgedigits run`, which compiles and self-tests the exported C; Debian keeps no old versions to pin.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/edgedigits
COPY . .
RUN python -m pip install --no-cache-dir --constraint constraints.txt ".[gpu]"

# What of the host's driver NVIDIA's container toolkit brings in: libcuda.so.1 and nvidia-smi.
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
ENV EDGEDIGITS_CACHE=/data/.cache
WORKDIR /data
ENTRYPOINT ["edgedigits"]
CMD ["doctor"]
