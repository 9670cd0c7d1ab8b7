#!/usr/bin/env bash
# Unpacks promtool and prometheus of Debian's package for checks and tests, without installing it: it would start a service.
#
# usage: install-prometheus.sh [FOLDER]
#
# FOLDER is where tests look for the programs: $PRODUCTCACHE_TEST_PROMETHEUS, or productcache-test/prometheus
# in the user's cache folder. Needs apt, 19 MB to fetch and 100 MB of disk; no root.
set -euo pipefail

folder=${1:-${PRODUCTCACHE_TEST_PROMETHEUS:-${XDG_CACHE_HOME:-$HOME/.cache}/productcache-test/prometheus}}
[ ! -x "$folder/promtool" ] || [ ! -x "$folder/prometheus" ] || exit 0
command -v apt-get >/dev/null || { echo "install-prometheus.sh: this is no Debian: put promtool and prometheus into $folder" >&2; exit 1; }

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d "$folder/unpack.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial,root}
options=(
  -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o "Debug::NoLocking=1" -o "APT::Sandbox::User=$(id -un)"
  -o "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"
)
echo "unpacking promtool and prometheus into $folder"
cd "$work"
apt-get "${options[@]}" -qq update
apt-get "${options[@]}" -qq download prometheus
dpkg -x prometheus_*.deb root
mv root/usr/bin/prometheus root/usr/bin/promtool "$folder"
