# One image for every host of the lab.
ARG BASE_IMAGE=node:24.21.0-bookworm-slim
FROM ${BASE_IMAGE}
# ip and tc for faults; curl and dig for people. A base image that has them (CI's) needs no network here.
RUN command -v ip && command -v curl && command -v dig || \
    (apt-get update && apt-get install -y --no-install-recommends iproute2 curl bind9-dnsutils && rm -rf /var/lib/apt/lists/*)
WORKDIR /lab
COPY package.json package-lock.json ./
RUN test -d node_modules || npm ci --omit=dev --no-audit --no-fund
COPY lab lab
COPY services services
COPY client client
LABEL failover-lab=image
ENTRYPOINT ["/lab/services/entrypoint.sh"]
CMD ["sleep", "infinity"]
