# Productcache: `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VERSION ?= $(shell scripts/revision.sh version)
BUILD = CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)"
LISTEN ?= 127.0.0.1:8080
ADMIN_LISTEN ?= 127.0.0.1:8081
STOREFRONT ?= 127.0.0.1:8082
SERVER ?= php
SOAK ?= 30m
SEED ?=
REPORT ?= docs/reliability.md
# Tests that run without the race detector, see internal/racetest.
WITHOUT_RACE = OverheadOfAnEntry|HitRatio|HitRatioOfAShop|Sizing|SizingOfAShop|PlansKeepWhatIsInUse|WeightIsHonest|ShrunkMemory|RandomPicksAllAlike|Hottest|WeightIsWhatTheHeapGrowsBy
WITHOUT_RACE_IN = ./internal/cache ./internal/document
# Most packages' tests wait for servers, and leave the processors to others; those of benchmarks are about time, and run alone.
PACKAGES_AT_ONCE ?= $(shell echo $$((($$(nproc) * 3 + 1) / 2)))
PROMTOOL := $${PRODUCTCACHE_TEST_PROMETHEUS:-$${XDG_CACHE_HOME:-$$HOME/.cache}/productcache-test/prometheus}/promtool

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/productcache, a static binary
	@$(BUILD) -o bin/productcache ./cmd/productcache
	@echo "bin/productcache $(VERSION)"

.PHONY: demo
demo: deps build ## serve a shop of 10,000 products out of a private MariaDB (LISTEN=, ADMIN_LISTEN= change its addresses)
	@go build -o bin/demo ./cmd/demo
	@exec bin/demo -program bin/productcache -listen $(LISTEN) -admin-listen $(ADMIN_LISTEN)

.PHONY: storefront
storefront: deps deps-php build ## the demo with a shop in PHP before it (STOREFRONT= is its address; SERVER=fpm serves it by php-fpm and nginx)
	@go build -o bin/demo ./cmd/demo
	@exec bin/demo -program bin/productcache -listen $(LISTEN) -admin-listen $(ADMIN_LISTEN) -storefront $(STOREFRONT) -storefront-server $(SERVER)

.PHONY: test
test: deps deps-race deps-curl deps-backup deps-mysql deps-promtool deps-chromium deps-php deps-bench-php deps-redis ## run all tests, with the race detector, against real servers
	@echo "servers: $$(mariadbd --version 2>/dev/null || /usr/sbin/mariadbd --version)"
	@echo "servers: $$(redis-server --version)"
	@echo "servers: $$("$${PRODUCTCACHE_TEST_MYSQL:-$${XDG_CACHE_HOME:-$$HOME/.cache}/productcache-test/mysql}/mysqld" --no-defaults --version 2>/dev/null || echo 'no MySQL')"
	go test -race -count=1 -timeout 15m -p 1 ./benchmarks/...
	go test -race -count=1 -timeout 15m -p $(PACKAGES_AT_ONCE) $$(go list ./... | grep -v '/benchmarks')
	go test -count=1 -timeout 15m -run '^Test($(WITHOUT_RACE))$$' $(WITHOUT_RACE_IN)

.PHONY: test-console
test-console: deps deps-chromium ## run the tests of the console in Chromium; its screenshots are left in bin/_artifacts
	@mkdir -p bin
	PRODUCTCACHE_TEST_REQUIRE_CHROMIUM=1 go test -count=1 -v -run '^TestConsole' -artifacts -outputdir $(CURDIR)/bin ./cmd/productcache

.PHONY: test-php
test-php: deps deps-php ## run the tests of the PHP client
	go test -count=1 -v ./clients/php

.PHONY: test-storefront
test-storefront: deps deps-php deps-chromium ## run the tests of the storefront in Chromium; its screenshots are left in bin/_artifacts
	@mkdir -p bin
	PRODUCTCACHE_TEST_REQUIRE_CHROMIUM=1 go test -count=1 -v -artifacts -outputdir $(CURDIR)/bin ./clients/php/storefront

.PHONY: check
check: deps-compose deps-shellcheck deps-php check-monitoring test-supply ## check format, vet, staticcheck, go.mod, imports, scripts, PHP, docker-compose.yml, metrics and alerts, licences
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt would change: $$unformatted"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go mod tidy -diff
	go test -count=1 -run '^TestImports$$' ./cmd/productcache
	docker-compose -f docker-compose.yml --profile monitoring --profile fleet config --quiet
	phpcs -n --standard=PSR12 clients/php benchmarks/php/pages
	shellcheck scripts/*.sh benchmarks/peers/install.sh deploy/backup/productcache-backup deploy/package/build.sh deploy/package/scripts/* deploy/supply/*.sh deploy/systemd/*.sh

.PHONY: check-monitoring
check-monitoring: deps deps-promtool ## check metrics, alerts and dashboard by promtool
	"$(PROMTOOL)" check config deploy/prometheus/prometheus.yml
	"$(PROMTOOL)" test rules deploy/prometheus/alerts_test.yml
	go test -count=1 -run '^Test(PromtoolChecksMetrics|MonitoringNamesMetrics|Alerts.*|ComposeProvisionsTheDashboard)$$' ./cmd/productcache

.PHONY: test-supply
test-supply: deps-curl ## check the licences of what is linked, and test the check for vulnerabilities
	cd deploy/supply && go vet ./... && go mod tidy -diff && go test -count=1 ./...
	staticcheck=$$(go tool -n staticcheck) && cd deploy/supply && "$$staticcheck" ./...

.PHONY: vulncheck
vulncheck: deps-curl ## check for known vulnerabilities by govulncheck; skipped, and says so, where the database (GOVULNDB=) cannot be reached
	@deploy/supply/vulncheck.sh

.PHONY: licences
licences: ## write docs/licences.md, the licences of what is linked
	@go -C deploy/supply build -o $(CURDIR)/bin/licences ./licences
	@cd deploy/supply && $(CURDIR)/bin/licences list >$(CURDIR)/bin/licences.md
	@mv bin/licences.md docs/licences.md

.PHONY: test-reproducible
test-reproducible: ## build the last commit three times in three ways, and compare programs and packages
	@deploy/supply/reproducible.sh

.PHONY: bench
bench: deps ## run the benchmarks; see benchmarks/README.md
	go test -run '^$$' -bench . -benchmem ./benchmarks ./internal/...

.PHONY: bench-peers
bench-peers: deps build ## compare with nginx, Varnish, HAProxy, memcached, Redis and Go libraries; see benchmarks/peers/README.md
	@benchmarks/peers/install.sh
	@cd benchmarks/peers/rivals && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o ../../../bin/rivals .
	@go build -o bin/peers ./benchmarks/peers
	@PATH=$$PATH:/usr/sbin exec bin/peers

.PHONY: bench-php
bench-php: deps deps-bench-php build ## compare, from PHP, with MySQL, memcached and Redis, on OpenCart's page, and with the service dead; see benchmarks/README.md
	@go build -o bin/phpbench ./benchmarks/php
	@PATH=$$PATH:/usr/sbin exec bin/phpbench

.PHONY: soak
soak: deps deps-backup ## 30 minutes of all faults at random, restarts of the program too, every answer checked, written into docs/reliability.md (SOAK= is how long, SEED= repeats an order of events, ONLY= names some and writes nothing)
	PRODUCTCACHE_SOAK=$(if $(REPORT),$(abspath $(REPORT))) PRODUCTCACHE_FAULTS_ONLY='$(ONLY)' PRODUCTCACHE_SOAK_DURATION=$(SOAK) PRODUCTCACHE_SOAK_SEED=$(SEED) go test -count=1 -timeout 0 -v -run '^TestSoak$$' ./benchmarks/faults

.PHONY: fleet
fleet: deps deps-redis ## several nodes on one Redis, and the model of a thousand, written into docs/scale.md; 8 minutes
	PRODUCTCACHE_FLEET=$(CURDIR)/docs/scale.md go test -count=1 -timeout 30m -v -run '^TestFigures$$' ./benchmarks/fleet

.PHONY: faults
faults: deps deps-backup deps-slowhttptest ## what a worst day brings, case by case, in three rounds each, written into docs/reliability.md; half an hour, as root for all cases (ONLY= names a case, and nothing is written)
	PRODUCTCACHE_FAULTS=$(if $(ONLY),,$(CURDIR)/docs/reliability.md) PRODUCTCACHE_FAULTS_ONLY='$(ONLY)' go test -count=1 -timeout 40m -v -run '^TestFaults$$' ./benchmarks/faults

.PHONY: fuzz
fuzz: deps ## fuzz every parser, FUZZTIME=10m each (FUZZ_ONLY= names targets, FUZZ_KEEP=20 keeps the smallest new inputs; see scripts/fuzz.sh)
	@FUZZTIME=$${FUZZTIME:-10m} scripts/fuzz.sh

.PHONY: fuzz-short
fuzz-short: deps ## fuzz every parser for ten seconds each, eight at the same time
	@FUZZTIME=10s FUZZ_PARALLEL=$${FUZZ_PARALLEL:-8} scripts/fuzz.sh

.PHONY: hammer
hammer: deps deps-mysql ## five minutes on MariaDB and on MySQL of racing writers and readers, the binlog followed
	PRODUCTCACHE_HAMMER=$${PRODUCTCACHE_HAMMER:-5m} go test -count=1 -timeout 30m -v -run '^TestHammer$$' ./benchmarks/hammer

.PHONY: package
package: deps-package ## build bin/*.deb for amd64 and arm64, checked by lintian, and verify the systemd units (PACKAGE_VERSION= sets the version)
	@deploy/package/build.sh bin
	@for package in bin/productcache_*.deb; do deploy/systemd/verify.sh "$$package" || exit 1; done

.PHONY: test-package
test-package: deps deps-package deps-container ## install, restart, upgrade and purge the package under a real systemd in a container; as root
	@deploy/systemd/test-package.sh

.PHONY: deps
deps: ## install what tests and demo need: MariaDB's server and client programs
	@scripts/install.sh mariadbd mariadb-server-core
	@scripts/install.sh my_print_defaults mariadb-client-core

.PHONY: deps-race
deps-race: ## install what the race detector needs: a C compiler
	@scripts/install.sh gcc gcc libc6-dev

.PHONY: deps-curl
deps-curl: ## install curl, by which the README's examples are tested
	@scripts/install.sh curl curl ca-certificates

.PHONY: deps-mysql
deps-mysql: ## unpack MySQL from Debian sid for the tests; without it they skip, or fail if PRODUCTCACHE_TEST_REQUIRE_MYSQL is set
	@internal/mysqltest/install-mysql.sh || { echo "deps-mysql: MySQL could not be unpacked: tests against it cannot run" >&2; [ -z "$$PRODUCTCACHE_TEST_REQUIRE_MYSQL" ]; }

.PHONY: deps-backup
deps-backup: ## install what the backup job needs: MariaDB's dump program
	@scripts/install.sh mariadb-dump mariadb-client

.PHONY: deps-redis
deps-redis: ## install Redis, for tests of the second tier
	@scripts/install.sh redis-server redis-server redis-tools

.PHONY: deps-slowhttptest
deps-slowhttptest: ## install slowhttptest, for faults
	@scripts/install.sh slowhttptest slowhttptest

.PHONY: deps-shellcheck
deps-shellcheck: ## install shellcheck, for check
	@scripts/install.sh shellcheck shellcheck

.PHONY: deps-chromium
deps-chromium: ## install Chromium, in which the console and the storefront are tested
	@scripts/install.sh chromium chromium

.PHONY: deps-compose
deps-compose: ## install docker-compose, for check
	@scripts/install.sh docker-compose docker-compose

.PHONY: deps-php
deps-php: ## install what the PHP client's tests and the storefront need: PHP with its extensions, php-fpm, nginx, PHPUnit
	@scripts/install-quietly.sh php=php-cli /usr/share/doc/php-curl=php-curl /usr/share/doc/php-apcu=php-apcu /usr/share/doc/php-mysql=php-mysql \
		/usr/share/doc/php-fpm=php-fpm nginx=nginx-light phpunit=phpunit,php-xml,php-mbstring composer=composer phpcs=php-codesniffer \
		/usr/share/php/Psr/Log=php-psr-log /usr/share/php/Psr/SimpleCache=php-psr-simple-cache /usr/share/php/Psr/Cache=php-psr-cache

.PHONY: deps-bench-php
deps-bench-php: ## install what bench-php needs beside deps: PHP with its extensions for memcached and Redis, php-fpm, memcached, Redis
	@scripts/install-quietly.sh php=php-cli /usr/share/doc/php-curl=php-curl /usr/share/doc/php-apcu=php-apcu /usr/share/doc/php-mysql=php-mysql \
		/usr/share/doc/php-fpm=php-fpm /usr/share/doc/php-memcached=php-memcached /usr/share/doc/php-redis=php-redis memcached=memcached \
		redis-server=redis-server

.PHONY: deps-promtool
deps-promtool: ## unpack promtool and prometheus from Debian, for check and test
	@scripts/install-prometheus.sh

.PHONY: deps-package
deps-package: ## install what package needs: lintian and systemd-analyze
	@scripts/install.sh lintian lintian
	@scripts/install.sh systemd-analyze systemd

.PHONY: deps-container
deps-container: ## install what test-package needs: debootstrap and systemd-nspawn
	@scripts/install.sh debootstrap debootstrap
	@scripts/install.sh systemd-nspawn systemd-container

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
