# All hosts of the lab use this image.
ARG BASE_IMAGE=node:24.21.0-bookworm-slim
FROM ${BASE_IMAGE}
# Faults need ip, tc and nft. People use curl and dig. A base image that has them all (as CI's has) needs no network here.
RUN command -v ip && command -v nft && command -v curl && command -v dig || \
    (apt-get update && apt-get install -y --no-install-recommends iproute2 nftables curl bind9-dnsutils && rm -rf /var/lib/apt/lists/*)
WORKDIR /lab
COPY package.json package-lock.json ./
RUN test -d node_modules || npm ci --omit=dev --no-audit --no-fund
COPY lab lab
COPY services services
COPY client client
# A bundle of each program, and its compiled code: so each process of the lab starts in half the time.
ENV NODE_COMPILE_CACHE=/lab/.cache
RUN node --input-type=module --eval 'import { hostPrograms, makeBuild } from "/lab/lab/build/build.ts"; makeBuild("/lab", "/lab/build", hostPrograms)' && \
    node build/services/dns/main.cjs '{"listen":[],"port":53,"domain":"lab.test","seed":"1","records":[]}' </dev/null && \
    node build/services/backend/main.cjs '{"listen":[],"port":8080}' </dev/null && \
    node build/services/probe/main.cjs </dev/null && \
    node build/client/main.cjs --control </dev/null
LABEL failover-lab=image
ENTRYPOINT ["/lab/services/entrypoint.sh"]
CMD ["sleep", "infinity"]
