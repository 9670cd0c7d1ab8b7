#!/usr/bin/env bash
# Fuzzes every target of every package, one after the other or some at once, and says of each what it ran.
#
#   FUZZTIME=10m      time for each target
#   FUZZ_ONLY=REGEXP  only targets whose package/Name matches
#   FUZZ_PARALLEL=N   processes that fuzz at the same time (default: one per CPU): so many targets, or of fewer targets more workers each
#   FUZZ_KEEP=N       keep the N smallest new interesting inputs of each target in testdata/fuzz/Name
#   FUZZ_KEEP_BYTES=N but no input that makes the directory larger than this (default: 65536)
#
# A target that fails has its input in testdata/fuzz/Name already. The others are fuzzed all the same; in the end the script fails.
set -euom pipefail
cd "$(dirname "$0")/.."

time=${FUZZTIME:-10m}
only=${FUZZ_ONLY:-}
parallel=${FUZZ_PARALLEL:-$(nproc)}
keep=${FUZZ_KEEP:-0}
keep_bytes=${FUZZ_KEEP_BYTES:-65536}
cache=$(go env GOCACHE)/fuzz
module=$(go list -m)
work=$(mktemp -d)
# leave ends what is still running, each target with its workers in a group of its own.
leave() {
  local job
  for job in $(jobs -p); do
    kill -- "-$job" 2>/dev/null || true
  done
  wait
  rm -rf "$work"
}
trap leave EXIT

# build makes the test programs, with the counters that fuzzing goes by, and lists "package target" lines.
build() {
  local package directory program
  while read -r package directory; do
    grep -qs '^func Fuzz' "$directory"/*_test.go || continue
    program=$work/${package//\//+}.test
    go test -c -fuzz=. -o "$program" "$package"
    (cd "$directory" && "$program" -test.list '^Fuzz') | sed -n "s|^Fuzz|$package $directory &|p"
  done < <(go list -f '{{.ImportPath}} {{.Dir}}' ./...)
}

# inputs lists the interesting inputs in a directory, by name.
inputs() {
  [ ! -d "$1" ] || find "$1" -maxdepth 1 -type f -printf '%f\n' | sort
}

# keep_inputs copies the smallest of the new inputs that are listed in a file to where go test reads them.
keep_inputs() {
  local from=$1 to=$2 new=$3 kept=0 bytes size name
  mkdir -p "$to"
  bytes=$(find "$to" -maxdepth 1 -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }')
  while read -r size name && [ "$kept" -lt "$keep" ]; do
    [ ! -e "$to/$name" ] || continue
    bytes=$((bytes + size))
    [ "$bytes" -le "$keep_bytes" ] || break
    cp "$from/$name" "$to/$name"
    kept=$((kept + 1))
  done < <(while read -r name; do stat -c '%s %n' "$from/$name"; done <"$new" | sed "s|$from/||" | sort -n -k1,1 -k2,2)
  rmdir --ignore-fail-on-non-empty "$to"
  echo ", $kept kept"
}

# ended_late knows a run that found nothing wrong, but which Go before 1.27 calls a failure when its time is up (golang.org/issue/75804).
ended_late() {
  grep -q '^ *context deadline exceeded$' "$1" && ! grep -qE 'Failing input|panic:|_test\.go:[0-9]|fatal error|hung or terminated' "$1"
}

# fuzz runs one target and prints one line about it; of one that fails, all that it said.
fuzz() {
  local package=$1 directory=$2 target=$3 workers=$4
  local short=${package#"$module"/} log=$work/${package//\//+}.$target inputs=$cache/$package/$target status=0 last kept=
  inputs "$inputs" >"$log.before"
  (cd "$directory" && "$work/${package//\//+}.test" -test.run='^$' -test.fuzz="^$target\$" -test.fuzztime="$time" \
    -test.fuzzminimizetime=2s -test.fuzzcachedir="$cache/$package" -test.parallel="$workers") >"$log" 2>&1 || status=$?
  inputs "$inputs" | comm -13 "$log.before" - >"$log.new"
  last=$(sed -n 's/^fuzz: elapsed: .*\(execs: [0-9]*\) .*\(new interesting: .*\)$/\1, \2/p' "$log" | tail -n 1)
  [ "$keep" = 0 ] || kept=$(keep_inputs "$inputs" "$directory/testdata/fuzz/$target" "$log.new")
  if [ "$status" = 0 ] || ended_late "$log"; then
    echo "$short $target: ${last:-nothing ran}$kept"
  else
    echo "$short $target: FAILED: ${last:-nothing ran}$kept"
    sed 's/^/    /' "$log"
    echo "$short/$target" >>"$work/failed"
  fi
}

build >"$work/all"
if [ -n "$only" ]; then
  awk -v only="$only" '$1 "/" $3 ~ only' "$work/all" >"$work/targets"
else
  cp "$work/all" "$work/targets"
fi
count=$(wc -l <"$work/targets")
if [ "$count" = 0 ]; then
  echo "fuzz: no target matches ${only:-^Fuzz}" >&2
  exit 1
fi
workers=$((parallel > count ? parallel / count : 1))
echo "fuzz: $count targets, $time each, $((parallel > count ? count : parallel)) at once"
running=0
while read -r package directory target; do
  if [ "$running" -ge "$parallel" ]; then
    wait -n
    running=$((running - 1))
  fi
  fuzz "$package" "$directory" "$target" "$workers" &
  running=$((running + 1))
done <"$work/targets"
wait
if [ -e "$work/failed" ]; then
  echo "fuzz: $(wc -l <"$work/failed") of $count targets failed:" >&2
  sort "$work/failed" | sed 's/^/  /' >&2
  exit 1
fi
echo "fuzz: all $count targets passed"
