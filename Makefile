# The main commands of the lab. They all work in a fresh clone: the first one installs the npm packages.
.DEFAULT_GOAL := help
.PHONY: help install scenario scenarios lesson cards parity matrix site all-clients skew soak list clients workshop up down doctor test fuzz lint docs pictures bench clean

NODE := node_modules/.bin/node
# npm writes this file at the end of an installation. Runs on namespaces need the packages of package.json alone, so they do not wait for more.
INSTALLED := node_modules/.package-lock.json
# Here are the packages of lab/build/packages/ as well: those of the docker driver, of the tests and of lint.
ALL := node_modules/.all-packages
for_all := workshop parity down test fuzz lint docs bench install
RUN = $(if $(filter docker,$(driver) $(LAB_DRIVER))$(client-image),$(ALL),$(INSTALLED))
# Node keeps the stripped and compiled code in this folder. That halves the start time of each process.
export NODE_COMPILE_CACHE ?= $(CURDIR)/node_modules/.cache/compile

# Their pictures are in README.md. `make docs` draws them from the runs that docs/pictures/ keeps.
PICTURED := all-down ipv6-blackhole

# The variables that each target takes on the command line (`make TARGET name=value`). Any other one would change nothing, so it is refused. Names
# in upper case are for the environment: LAB_REQUIRE, FUZZ_ONLY.
run_takes := driver client client-image seed set expect resolv-conf resolver serve-stale results v json
scenario_takes := name backends $(run_takes)
scenarios_takes := $(filter-out v,$(run_takes)) jobs plan shard out
lesson_takes := n driver client answer seed v results
cards_takes := out
parity_takes := client client-image seed set expect resolv-conf repeat only results
matrix_takes := driver clients failures repeat jobs quick timeouts from against write results plan shard out
site_takes := results out
all-clients_takes := driver client-image seed set expect resolv-conf resolver serve-stale jobs only clients results
skew_takes := driver cause resolver requests seed jobs results json
soak_takes := driver client client-image set expect resolv-conf resolver serve-stale n jobs only results plan shard out
workshop_takes := driver client seed resolv-conf resolver serve-stale backends https port listen no-open results
up_takes := driver seed resolv-conf resolver serve-stale backends https v results
clients_takes := driver install
test_takes := all
fuzz_takes := n
bench_takes := only against
upper := $(addsuffix %,A B C D E F G H I J K L M N O P Q R S T U V W X Y Z)
given := $(foreach each,$(.VARIABLES),$(if $(filter command,$(origin $(each))),$(each)))
$(foreach target,$(or $(MAKECMDGOALS),help),$(foreach each,$(filter-out $(upper) $($(target)_takes),$(given)),\
  $(error `make $(target)` does not know `$(each)`. It knows: $(or $($(target)_takes),no variable))))

FLAGS := $(if $(driver),--driver '$(driver)') $(if $(client),--client '$(subst ','\'',$(client))') $(if $(client-image),--client-image '$(client-image)') \
         $(if $(seed),--seed '$(seed)') $(foreach pair,$(set),--set '$(pair)') $(foreach bound,$(expect),--expect '$(bound)') \
         $(if $(resolv-conf),--resolv-conf '$(subst ;,' --resolv-conf ',$(resolv-conf))') $(if $(resolver),--resolver '$(resolver)') $(if $(serve-stale),--serve-stale) $(if $(backends),--backends '$(backends)') $(if $(https),--https) $(if $(results),--results '$(results)') $(if $(v),--verbose) $(if $(json),--json)

# A shard of a plan: make soak plan=plan.json shard=3/16 out=DIR (docs/many-machines.md)
SHARD = $(if $(plan),--plan '$(plan)') $(if $(shard),--shard '$(shard)') $(if $(out),--out '$(out)')

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  make scenario name=all-down [client=node-http] [driver=netns] [seed=1] [backends=5] [set='family=4 keepAlive=off'] [v=1] [json=1]"
	@echo "  make scenario name=recovery client='curl -sS {url}' expect='recoveryMs<2000 requests.failed==0' [client-image=IMAGE driver=docker]"
	@echo "  make scenario name=address-queries resolv-conf='search a.test b.test; options ndots:5'"
	@echo "  make scenario name=cached-answers resolver=dnsmasq [serve-stale=1]"

scenario: $(RUN) ## run one scenario: make scenario name=all-down
	@bin/lab run $(FLAGS) '$(name)'

scenarios: $(RUN) ## run all scenarios, several labs side by side
	@bin/lab run-all $(FLAGS) $(SHARD) $(if $(jobs),--jobs '$(jobs)')

parity: $(ALL) ## run the scenarios on both drivers (netns, docker) and compare the results
	@bin/lab parity $(FLAGS) $(if $(repeat),--repeat '$(repeat)') $(foreach each,$(only),--only '$(each)')

matrix: $(RUN) ## run every client that is installed against every failure of the matrix
	@bin/lab matrix $(if $(driver),--driver '$(driver)') $(if $(clients),--clients '$(clients)') $(if $(failures),--failures '$(failures)') \
	  $(SHARD) $(if $(repeat),--repeat '$(repeat)') $(if $(jobs),--jobs '$(jobs)') $(if $(quick),--quick) $(if $(timeouts),--timeouts) $(if $(from),--from '$(from)') $(if $(against),--against '$(against)') $(if $(write),--write '$(write)') $(if $(results),--results '$(results)')

site: $(INSTALLED) ## build a static site: the last matrix with its timelines, the scenarios, the lessons: make site out=DIR
	@bin/lab site $(if $(results),--results '$(results)') $(if $(out),--out '$(out)')

all-clients: $(RUN) ## run every scenario with every client that is found
	@bin/lab all-clients $(FLAGS) $(if $(jobs),--jobs '$(jobs)') $(foreach each,$(only),--only '$(each)') $(if $(clients),--clients '$(subst ;,' --clients ',$(subst ','\'',$(clients)))')

skew: $(RUN) ## run the causes of skew with real resolvers: which backend gets which share, and why; cause=rule-9 resolver=go,musl
	@bin/lab skew $(if $(driver),--driver '$(driver)') $(if $(cause),--cause '$(cause)') $(if $(resolver),--resolver '$(resolver)') $(if $(requests),--requests '$(requests)') \
	  $(if $(seed),--seed '$(seed)') $(if $(jobs),--jobs '$(jobs)') $(if $(results),--results '$(results)') $(if $(json),--json)

soak: $(RUN) ## run all scenarios many times on a busy machine: make soak n=20
	@bin/lab soak $(FLAGS) $(SHARD) $(if $(n),--n '$(n)') $(if $(jobs),--jobs '$(jobs)') $(foreach each,$(only),--only '$(each)')

lesson: $(RUN) ## predict, run, see, why: make lesson n=3 client=curl [answer=b]; without n: list the lessons
	@bin/lab lesson $(FLAGS) $(if $(answer),--answer '$(answer)') $(if $(n),'$(n)')

cards: $(INSTALLED) ## write the questions of the lessons as cards to print: results/cards.html
	@bin/lab cards $(if $(out),--out '$(out)')

list: $(INSTALLED) ## list the scenarios
	@bin/lab list

up: $(RUN) ## keep a lab up, to inject faults by hand from another terminal
	@bin/lab up $(FLAGS)

workshop: $(ALL) ## keep a lab up behind a page: break it, watch it, predict what it does
	@bin/lab workshop $(filter-out --json --verbose,$(FLAGS)) $(if $(port),--port '$(port)') $(if $(listen),--listen '$(listen)') $(if $(no-open),--no-open)

down: $(ALL) ## take that lab down, and remove what runs on docker have left
	@bin/lab down

clients: $(RUN) ## list the clients that a run can use; install=1 installs those that npm has and builds the clients in Go, Java, C and Rust
	@bin/lab clients $(if $(driver),--driver '$(driver)') $(if $(install),--install)

doctor: $(INSTALLED) ## check what the lab needs on this machine, and say how to get what is missing
	@bin/lab doctor

# Two thirds of the CPU time of all tests: on docker, and inside containers; scenarios and causes of skew with other clients than our own on fetch, and
# with resolvers in between; the workshop, the page of a run and that of the matrix in a browser; many broken inputs.
LONG_TESTS := lab/network/drivers/docker.test.ts scenarios/any-client.test.ts scenarios/other-transports.test.ts client/external/profiles.test.ts client/external/https.test.ts client/external/variants.test.ts client/external/proxies.test.ts \
              scenarios/matrix/many-requests.test.ts docs/clients.test.ts \
              lab/skew/mechanism/mechanism.test.ts lab/skew/model/real-resolvers.test.ts lab/run/resolvers.test.ts docs/skew.test.ts docs/containers.test.ts \
              lab/cli/workshop.test.ts lab/cli/workshop-lessons.test.ts lab/picture/page.test.ts lab/report/matrix/page.test.ts \
              lab/wire/fuzz.test.ts lab/wire/https-fuzz.test.ts lab/network/fuzz.test.ts lab/shards/fuzz.test.ts services/fuzz.test.ts services/dns/fuzz.test.ts

# The tests call make themselves, so they do not inherit the variables of this one.
test: $(ALL) ## run the tests; all=1 runs also those that take long: on docker, with other clients and resolvers, in a browser, with broken inputs
	@env -u all -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL $(if $(all),,LEAVE_OUT='$(LONG_TESTS)') $(NODE) node_modules/vitest/vitest.mjs run; status=$$?; \
	  $(if $(all),,echo 'Not run: the tests on docker, with other clients and resolvers, in a browser, and with broken inputs ($(words $(LONG_TESTS)) files). To run all tests: make test all=1';) exit $$status

fuzz: $(ALL) ## try many broken and random inputs: make fuzz n=1000000 (each kind of input; make test all=1 tries some thousand)
	@$(if $(n),FUZZ='$(n)') $(NODE) node_modules/vitest/vitest.mjs run fuzz.test.ts

lint: $(ALL) ## check the types, the code style, and that the generated tables in the documents are up to date
	@$(NODE) node_modules/typescript/bin/tsc
	@$(NODE) node_modules/typescript/bin/tsc --project lab/picture/page
	@$(NODE) node_modules/typescript/bin/tsc --project lab/workshop/page
	@$(NODE) node_modules/eslint/bin/eslint.js --max-warnings 0 .
	@$(NODE) node_modules/dependency-cruiser/bin/dependency-cruiser.mjs --config .dependency-cruiser.js lab services client scenarios bench docs
	@bin/lab docs --check
	@$(NODE) lab/build/api-pages.ts --check

docs: $(ALL) ## update the generated tables in README.md and docs/
	@bin/lab docs
	@$(NODE) lab/build/api-pages.ts

pictures: $(INSTALLED) ## run the scenarios of README's pictures again, and draw them
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && for name in $(PICTURED); do \
	  bin/lab run "$$name" --results "$$folder" && mkdir -p "docs/pictures/$$name" && cp "$$folder/latest/journal.json" "$$folder/latest/events.ndjson" "docs/pictures/$$name" || exit 1; done
	@bin/lab docs

bench: $(ALL) ## measure the lab itself, JSON on stdout: make bench only=run|picture|workshop|catalogue|dns|relay|memory|simulate|merge|docker [against=COMMIT]
	@$(NODE) bench/bench.ts $(if $(only),only='$(only)') $(if $(against),against='$(against)')

install: $(ALL) ## install the npm packages of package-lock.json

$(INSTALLED): package.json package-lock.json
	@echo 'Installing the npm packages of package-lock.json (once) …' >&2
	@npm ci $(if $(wildcard $(ALL))$(filter $(for_all),$(MAKECMDGOALS)),,--workspaces=false) --no-audit --no-fund --loglevel=error >&2
	@touch $@

$(ALL): $(INSTALLED)
	@[ -e node_modules/vitest ] || { echo 'Installing the packages of lab/build/packages/, too (once) …' >&2; npm install --no-save --no-audit --no-fund --loglevel=error >&2; }
	@touch $@

clean: ## remove results and installed packages
	rm -rf results node_modules dist *.tgz
