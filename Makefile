# Two commands and nothing before them: make demo, make test.
GO ?= go
FUZZTIME ?= 3s

.PHONY: build demo test test-mutants bench soak packages-demo packages-test clean

build: packages-demo
	$(GO) build -o bin/ ./cmd/cancuoc

# Issues one specimen citizen on a simulated card through pcscd and leaves the result in demo/.
demo: build
	rm -rf demo
	.ci/with-pcscd bin/cancuoc demo demo

# Everything that a change must pass.
test: packages-test
	@unformatted=$$(gofmt -l card cmd layout reader simulator); \
	if [ -n "$$unformatted" ]; then echo "not gofmt-clean: $$unformatted"; exit 1; fi
	$(GO) vet ./...
	CGO_ENABLED=0 $(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -race -timeout 15m ./...
	.ci/fuzz $(FUZZTIME)

# Faults put one at a time into the protocols, each of which the vector tests must see.
test-mutants:
	.ci/mutants

# Figures, measured on this machine.
bench: packages-test
	$(GO) test -run '^$$' -bench . -benchmem ./...

# What takes longer than a change can wait for.
soak: packages-test
	CANCUOC_SOAK=1 $(GO) test -race -timeout 90m ./...
	.ci/fuzz 20s

packages-demo:
	@.ci/packages demo

packages-test:
	@.ci/packages test

clean:
	rm -rf bin demo
