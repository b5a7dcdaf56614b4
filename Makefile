# transfera: the paper's tables from YAML specs.
#
#   make setup       the tools and the native library, once
#   make build       bin/transfera
#   make reproduce   the built-in experiments on this machine's CPU (PROFILE=full: the long version)
#   make test        format, vet, staticcheck, unit tests, the race detector, then the smoke suite
#   make race        the race detector on the packages whose goroutines share most, as part of make test (RACE=./...: on all)
#   make smoke       every stage once, on tiny data
#   make bench       ours beside an equal PyTorch program, as ratios (needs Python with torch)
#   make clean       remove what was built and computed; answers of services, which may have cost money, stay

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.PHONY: setup build reproduce test smoke bench clean format vet staticcheck unit race

# scripts/setup.sh leaves a Go here where the machine has none that is new enough.
export PATH := $(CURDIR)/.cache/go/bin:$(PATH)

# Go stamps the revision into the binary, but stops where git refuses to read a clone that another user owns. An explicit
# flag also wins over a GOFLAGS that turns the stamp off.
ifeq ($(shell git status --porcelain >/dev/null 2>&1 && echo readable),readable)
vcs := -buildvcs=auto
else
vcs := -buildvcs=false
# staticcheck lists packages with Go's default.
export GOFLAGS += $(vcs)
endif

setup:
	@echo "== setup"
	@scripts/setup.sh

build: setup
	@echo "== build bin/transfera"
	@go build $(vcs) -o bin/transfera ./cmd/transfera

reproduce: build
	@echo "== run experiments/embedded$(if $(PROFILE), with profile $(PROFILE))"
	@bin/transfera run experiments/embedded $(if $(PROFILE),--profile $(PROFILE))

smoke: build
	@echo "== run experiments/smoke"
	@bin/transfera run experiments/smoke

# Debian's Python packages are those of /usr/bin/python3, whatever else is on the PATH.
bench: setup
	@echo "== ours beside PyTorch"
	@go run ./scripts/bench --python $(or $(PYTHON),/usr/bin/python3) $(if $(WORKS),--works $(WORKS))

test: setup format vet staticcheck unit race smoke

format: setup
	@echo "== gofmt"
	@files=$$(find . -name '.?*' -prune -o -path ./build -prune -o -name '*.go' -exec gofmt -l {} +); \
	[ -z "$$files" ] || { echo "gofmt -w would change:"; echo "$$files"; exit 1; } >&2

vet: setup
	@echo "== go vet"
	@go vet ./...

staticcheck: setup
	@echo "== staticcheck"
	@go tool staticcheck ./...

unit: setup
	@echo "== go test"
	@go test -timeout 30m ./...

# It sees Go's half only: libtorch is not built for it. All packages take half an hour.
race: setup
	@echo "== go test -race"
	@go test -race -short -timeout 30m $(or $(RACE),./data ./runner/blackbox ./runner/dag ./runner/progress ./runner/ranks \
		./runner/store ./runner/training ./results/study/web)

clean:
	@echo "== remove build/ bin/ results/out/ results/cache/ but for results/cache/answers/"
	@rm -rf build bin results/out
	@[ ! -d results/cache ] || find results/cache -mindepth 1 -maxdepth 1 ! -name answers -exec rm -rf {} +
	@rmdir results/cache 2>/dev/null || true
