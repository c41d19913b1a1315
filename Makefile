# Headwater. `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO    ?= go
SEED  ?=            # seed of a proof; empty: a new one
N     ?=            # size of a proof; empty: the size that fits into `make test`
ITEMS ?=            # work items of `make chain`; empty: 5000
FUZZTIME ?= 20s

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/worker
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/ ./cmd/...

.PHONY: demo
demo: build ## records of a bundled API arrive in Kafka topics, nothing else needed
	$(GO) run ./examples/demo -worker bin/worker

.PHONY: check
check: fmt vet lint unit fuzz ## what must pass before a commit (under 5 minutes)

.PHONY: fmt
fmt: ## formatting
	@out=$$($(GO) tool gofumpt -l .); if [ -n "$$out" ]; then echo "not formatted (make format):"; echo "$$out"; exit 1; fi

.PHONY: format
format: ## write the formatting
	$(GO) tool gofumpt -w .

.PHONY: vet
vet: ## go vet, with and without the tag proof
	$(GO) vet ./...
	$(GO) vet -tags proof ./...

.PHONY: lint
lint: ## staticcheck, with and without the tag proof
	$(GO) tool staticcheck ./...
	$(GO) tool staticcheck -tags proof ./...

.PHONY: unit
unit: ## unit and property tests, import table, documents
	$(GO) test -short ./...

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME
	@test/fuzz $(FUZZTIME)

.PHONY: generate
generate: ## write the generated files: protobuf code and docs/reference
	$(GO) run ./proto/gen
	$(GO) test ./internal/connector ./internal/settings ./internal/api ./cmd/worker ./cmd/workerctl -run TestReferencePage -update

.PHONY: test
test: ## everything: check, race, embedded broker and real Kafka, short proofs, teeth (under 35 minutes)
	@test/all

.PHONY: race
race: ## unit tests under the race detector
	$(GO) test -race -short $$($(GO) list ./... | grep -v '/test/chaos$$')
	@# On two processors the runtime crashes (SIGSEGV in raceacquirectx): all timers of a bubble share one context of the detector.
	$(GO) test -race -short -cpu 1 ./test/chaos

.PHONY: integration
integration: ## the integration suite on the embedded broker and on real Kafka
	$(GO) test -count=1 -timeout 10m ./test/integration/... ./test/kafka/... ./internal/dev/...

.PHONY: foreign
foreign: ## a real HTTP service into real Kafka, read with kcat
	$(GO) test -count=1 -timeout 10m -v ./test/foreign/...

.PHONY: curl
curl: ## the REST API driven by curl, workerctl and a schema checker: the real binary
	$(GO) test -count=1 -timeout 15m ./test/curl/...
	$(GO) test -count=1 -timeout 5m -run TestOnARealWorker ./cmd/workerctl

.PHONY: connect
connect: ## real Kafka Connect on our topics, we on its, and a Connect client: real Kafka
	$(GO) test -count=1 -timeout 10m ./test/connect/...

.PHONY: states
states: ## what can be wrong ends in a clear state: the real binary on real Kafka
	$(GO) test -count=1 -timeout 10m ./test/states/...

.PHONY: chaos
chaos: ## strikes at the n-th request, and at whole clusters, on the embedded broker (N=500 cycles, SEED=)
	$(GO) test -tags proof -count=1 -timeout 30m -run 'TestChaos$$|TestChain$$' -v ./test/chaos $(if $(N),-cycles $(N)) $(if $(SEED),-seed $(SEED))
	$(GO) test -tags proof -count=1 -timeout 30m -run 'TestCluster$$|TestALeader|TestALate|TestTheRows' -v ./test/chaos $(if $(N),-cycles $(N)) $(if $(SEED),-seed $(SEED))

.PHONY: chaos-teeth
chaos-teeth: ## every rule broken on purpose must be caught by its named check
	$(GO) test -tags proof -count=1 -timeout 20m -run Teeth -v ./test/chaos $(if $(SEED),-seed $(SEED))

.PHONY: crash
crash: ## kill -9 and SIGSTOP on real Kafka (N=20 kills, SEED=)
	$(GO) test -tags proof -count=1 -timeout 60m -run TestCrash -v ./test/crash $(if $(N),-kills $(N)) $(if $(SEED),-seed $(SEED))

.PHONY: chain
chain: ## API chaining on real Kafka, our API and Datasette: kills, rebalances, hand-overs, pace, waits, lag (N=10 kills, ITEMS=5000, SEED=)
	$(GO) test -count=1 -timeout 180m -v ./test/chain $(if $(N),-kills $(N)) $(if $(ITEMS),-items $(ITEMS)) $(if $(SEED),-seed $(SEED))

.PHONY: cluster
cluster: ## clusters of real processes on real Kafka: rolling restarts, kills, two versions, scale, zombies, partitions, odd states
	$(GO) test -count=1 -timeout 20m -v ./test/rolling/...

.PHONY: rolling
rolling: ## rolling restarts of 5 workers under load, with a picture of the stalls (N=2 rounds, SEED=)
	$(GO) test -count=1 -timeout 60m -run TestRolling -v ./test/rolling $(if $(N),-rounds $(N)) $(if $(SEED),-seed $(SEED))

.PHONY: soak
soak: ## the proofs at the size that is quoted: 200 kills, 2,000 cycles, 20 rounds, 1,500 APIs, 50 zombies, 100,000 items (ours, Datasette)
	$(MAKE) rolling N=20
	$(GO) test -count=1 -timeout 30m -run TestScale -v ./test/rolling -connectors 100
	$(GO) test -count=1 -timeout 30m -run TestZombies -v ./test/rolling -zombies 50
	$(MAKE) chain N=100 ITEMS=100000
	$(MAKE) crash N=200
	$(MAKE) chaos N=2000
	$(MAKE) chaos-teeth

.PHONY: bench
bench: ## records/s and CPU a record, work items/s and CPU an item, beside bare programs, on real Kafka
	$(GO) run ./test/bench
