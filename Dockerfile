# Two images. `hosts` is that of all hosts of the docker driver. `lab` (the last stage) is the lab itself on namespaces, for machines without Node:
# docs/docker.md.
ARG BASE_IMAGE=node:24.21.0-bookworm-slim
FROM ${BASE_IMAGE} AS hosts
# Faults need ip, tc and nft. People use curl and dig. A base image that has them all (as CI's has) needs no network here.
RUN command -v ip && command -v nft && command -v curl && command -v dig || \
    (apt-get update && apt-get install -y --no-install-recommends iproute2 nftables curl bind9-dnsutils && rm -rf /var/lib/apt/lists/*)
# Further Debian packages, for clients and servers that are not the lab's: WITH=nginx,haproxy,clients (docs/docker.md). `clients` stands for all
# packages of docs/clients.md but those of rust-reqwest, which takes minutes to build, and of java-newest. A base image that has them needs no network here.
ARG WITH=
RUN set --; for word in $(echo "$WITH" | tr , ' '); do case $word in \
      clients) set -- "$@" wget python3-requests python3-httpx python3-h2 python3-aiohttp python3-urllib3 python3-pycurl golang-go gcc libc6-dev musl-tools libsoup-3.0-dev pkg-config default-jdk-headless libokhttp-java libhttpclient5-java libhttpclient-java ruby ruby-faraday ruby-httparty ruby-excon php-cli php-curl php-guzzlehttp-guzzle libwww-perl liblwp-protocol-https-perl libio-socket-ssl-perl erlang-base erlang-inets erlang-ssl chromium nginx-light haproxy apache2 caddy varnish squid ;; \
      *) set -- "$@" "$word" ;; \
    esac; done; \
    [ $# = 0 ] || dpkg --status "$@" >/dev/null 2>&1 || \
    (apt-get update && apt-get install -y --no-install-recommends "$@" && rm -rf /var/lib/apt/lists/*)
WORKDIR /lab
COPY package.json package-lock.json ./
COPY lab/build/packages/docker lab/build/packages/docker
RUN test -d node_modules || npm ci --ignore-scripts --workspace=lab/build/packages/docker --include-workspace-root --no-audit --no-fund
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
# The clients in Go, Java and C are built once, here, and not in each run. (Chromium's preparation needs the network of a lab. It fails here, and is made in each run.)
RUN [ -z "$WITH" ] || node --input-type=module --eval '\
    import { execa } from "execa"; import { prepareClients } from "/lab/lab/clients/find-client.ts"; \
    const run = ([file, ...args]) => execa(file, args, { reject: false }); \
    await prepareClients({ run, root: "/lab", node: "node" }, console.log).catch((error) => { console.log(error.message); });'
LABEL failover-lab=image
ENTRYPOINT ["/lab/services/entrypoint.sh"]
CMD ["sleep", "infinity"]

FROM hosts AS lab
COPY bin/runtime bin/runtime
COPY scenarios scenarios
COPY docs/lessons docs/lessons
RUN node --input-type=module --eval 'import { makeBuild } from "/lab/lab/build/build.ts"; makeBuild("/lab", "/lab/dist")' && \
    node dist/lab/cli/main.cjs list >/dev/null && node dist/lab/cli/main.cjs lesson >/dev/null && mkdir --mode=1777 /work
LABEL failover-lab=command
# Files that a run names, and its results, are in this folder.
WORKDIR /work
ENTRYPOINT ["node", "/lab/dist/lab/cli/main.cjs"]
CMD ["--help"]
