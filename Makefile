# The lab's front door. Everything works in a fresh clone: what is missing is installed on the way.
.DEFAULT_GOAL := help
.PHONY: help install scenario scenarios parity matrix soak list clients up down doctor test lint docs bench clean

NODE := node_modules/.bin/node
# npm's own mark of a finished installation.
INSTALLED := node_modules/.package-lock.json
# Stripped types and compiled code are kept, which halves the start of each process.
export NODE_COMPILE_CACHE ?= $(CURDIR)/node_modules/.cache/compile

FLAGS := $(if $(driver),--driver '$(driver)') $(if $(client),--client '$(subst ','\'',$(client))') $(if $(client-image),--client-image '$(client-image)') \
         $(if $(seed),--seed '$(seed)') $(foreach pair,$(set),--set '$(pair)') $(foreach bound,$(expect),--expect '$(bound)') $(if $(v),--verbose) $(if $(json),--json)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  make scenario name=all-down [client=node-http] [driver=netns] [seed=1] [set='family=4 keepAlive=off'] [v=1] [json=1]"
	@echo "  make scenario name=recovery client='curl -sS {url}' expect='recoveryMs<2000 requests.failed==0' [client-image=IMAGE driver=docker]"

scenario: $(INSTALLED) ## run one scenario: make scenario name=all-down
	@bin/lab run $(FLAGS) '$(name)'

scenarios: $(INSTALLED) ## run every scenario, several labs side by side
	@bin/lab run-all $(FLAGS) $(if $(jobs),--jobs '$(jobs)')

parity: $(INSTALLED) ## every scenario on namespaces and on docker, side by side
	@bin/lab parity $(FLAGS) $(if $(repeat),--repeat '$(repeat)') $(foreach each,$(only),--only '$(each)')

matrix: $(INSTALLED) ## every client found, against every failure that matters
	@bin/lab matrix $(if $(driver),--driver '$(driver)') $(if $(clients),--clients '$(clients)') $(if $(scenarios),--failures '$(scenarios)') \
	  $(if $(repeat),--repeat '$(repeat)') $(if $(jobs),--jobs '$(jobs)') $(if $(write),--write '$(write)')

soak: $(INSTALLED) ## every scenario many times, side by side, on a busy machine: make soak n=20
	@bin/lab soak $(FLAGS) $(if $(n),--n '$(n)') $(if $(jobs),--jobs '$(jobs)') $(foreach each,$(only),--only '$(each)')

list: $(INSTALLED) ## list the scenarios
	@bin/lab list

up: $(INSTALLED) ## keep a lab up, to break by hand from another terminal
	@bin/lab up $(FLAGS)

down: $(INSTALLED) ## take that lab down, and whatever a docker run left
	@bin/lab down

clients: $(INSTALLED) ## the clients a run can use; install=1 gets other Node versions, builds Go's and Java's
	@bin/lab clients $(if $(driver),--driver '$(driver)') $(if $(install),--install)

doctor: $(INSTALLED) ## what this machine has and lacks
	@bin/lab doctor

test: $(INSTALLED) ## run the tests
	@$(NODE) node_modules/vitest/vitest.mjs run

lint: $(INSTALLED) ## types, lint, and documents that are what the code says
	@$(NODE) node_modules/typescript/bin/tsc
	@$(NODE) node_modules/eslint/bin/eslint.js --max-warnings 0 .
	@bin/lab docs --check

docs: $(INSTALLED) ## write the generated tables into README.md and docs/
	@bin/lab docs

bench: $(INSTALLED) ## measure the lab itself; JSON on stdout
	@$(NODE) bench/bench.ts

install: $(INSTALLED) ## install what package-lock.json pins

$(INSTALLED): package.json package-lock.json
	@echo 'Installing what package-lock.json pins (once) …' >&2
	@npm ci --no-audit --no-fund --loglevel=error >&2
	@touch $@

clean: ## remove results and installed packages
	rm -rf results node_modules
