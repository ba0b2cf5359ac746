# Everything a person does with a checkout. Writes below ./bin, ./.state and ./.cache only, Go's own caches aside.

GO   ?= go
ARGS ?=
PKG  ?= ./...

# The linters have their own module file, so that they are no part of what the program depends on.
LINT := $(GO) tool -modfile=.ci/tools.mod golangci-lint
export GOLANGCI_LINT_CACHE ?= $(CURDIR)/.cache/golangci-lint

.DEFAULT_GOAL := help
.PHONY: help demo test build bench lint fmt clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## see it work: starts all it needs, syncs 10,000 clients and 7,000 domains (ARGS=--exit ends there)
	@.ci/install demo
	@$(MAKE) --no-print-directory build
	@./bin/whmcsync demo $(ARGS)

test: ## run all tests on private servers (PKG=./internal/... ARGS='-run Name' for some)
	@.ci/install test
	@$(GO) build -o ./bin/withservices ./internal/testkit/cmd/withservices
	@race=; if command -v "$${CC:-gcc}" >/dev/null; then race=-race; fi; \
	exec ./bin/withservices -- $(GO) test $$race -shuffle=on -timeout 20m $(ARGS) $(PKG)

build: ## build ./bin/whmcsync, a static binary
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o ./bin/whmcsync ./cmd/whmcsync

bench: build ## measure (ARGS='clients --records 100000')
	@./bin/whmcsync bench $(ARGS)

lint: ## check format and all linters (go vet is one of them)
	@$(LINT) run ./...

fmt: ## format the code
	@$(LINT) fmt

clean: ## remove what was built and the state of demos and tests
	@rm -rf ./bin ./.state ./.cache ./coverage.out
