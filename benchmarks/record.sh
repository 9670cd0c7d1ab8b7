#!/bin/sh
# Records a set of results: benchmarks/record.sh [name ...]
# Without names, all of them. Run it on an idle machine: each file says how busy it was.
set -eu
cd "$(dirname "$0")/.."

# keep NAME COMMAND... runs a command into results/NAME.txt.
keep() {
	name=$1
	shift
	[ -z "$wanted" ] || case " $wanted " in *" $name "*) ;; *) return 0 ;; esac
	file=benchmarks/results/$name.txt
	{
		echo "commit: $commit"
		echo "go: $(go version | cut -d' ' -f3-)"
		echo "kernel: $(uname -sr)"
		echo "processors: $(nproc)"
		echo "memory: $(awk '/MemTotal/ { printf "%d MiB", $2 / 1024 }' /proc/meminfo)"
		echo "database: $( (mariadbd --version || /usr/sbin/mariadbd --version) 2>/dev/null | sed 's/.*Ver //')"
		echo "database: $("${PRODUCTCACHE_TEST_MYSQL:-${XDG_CACHE_HOME:-$HOME/.cache}/productcache-test/mysql}/mysqld" --no-defaults --version 2>/dev/null | sed 's/.*Ver /MySQL /')"
		echo "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
		echo "command: $*"
		echo
	} >"$unfinished"
	"$@" >>"$unfinished" 2>&1 || echo "$name failed: see $file" >&2
	printf '\nload after: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)" >>"$unfinished"
	cat "$unfinished" >"$file"
}

# record NAME FLAGS... keeps benchmarks.
record() {
	name=$1
	shift
	keep "$name" go test -run='^$' -timeout=60m "$@" ./benchmarks
}

wanted=$*
# What is measured is the code: results, of this run or an earlier one, do not make it dirty.
commit=$(git rev-parse --short=12 HEAD)
git diff --quiet HEAD -- . ':!benchmarks/results' || commit=$commit-dirty
unfinished=$(mktemp)
trap 'rm -f "$unfinished"' EXIT
trap 'exit 1' HUP INT TERM
record hit -bench '^BenchmarkHit$' -cpu 1,2 -count 10 -benchtime 300ms
record handler -bench '^BenchmarkHandler$' -cpu 1 -count 10 -benchtime 300ms
record multiget -bench '^BenchmarkMultiGetHandler$' -cpu 1 -count 10 -benchtime 300ms
record loopback -bench '^BenchmarkLoopback$' -count 5 -benchtime 30000x
record miss -bench '^BenchmarkMiss$' -count 10 -benchtime 300ms
record coldstart -bench '^BenchmarkColdStart$' -count 10 -benchtime 3x
record hotkey -bench '^BenchmarkHotKey$' -count 3 -benchtime 3x
record mix -bench '^BenchmarkMix$' -count 10 -benchtime 20000x
record memory -bench '^BenchmarkMemory$' -count 1 -benchtime 1x
keep largeheap env PRODUCTCACHE_BENCH_ENTRIES=5000000 go test -run='^$' -timeout=60m -bench '^BenchmarkLargeHeap$' -count 1 -benchtime 1x ./benchmarks
record snapshot -bench '^BenchmarkSnapshot$' -count 1 -benchtime 1x
record freshness -bench '^BenchmarkFreshness$' -count 3 -benchtime 4000x
record follower -bench '^BenchmarkFollower$' -count 3 -benchtime 10s
record views -bench '^BenchmarkViews$' -count 3 -benchtime 10000x
keep hammer env "PRODUCTCACHE_HAMMER=${PRODUCTCACHE_HAMMER:-5m}" go test -count=1 -timeout=30m -v -run='^TestHammer$' ./benchmarks/hammer
