#!/usr/bin/env bash
# Builds the Debian package into a folder, and checks it by lintian.
#
# usage: build.sh FOLDER [ARCHITECTURE...]     amd64 and arm64 unless told otherwise
#
# PACKAGE_VERSION is the version, that of the last tag unless it is set.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- amd64 arm64
cd "$root"

version=$(git describe --tags --always --dirty 2>/dev/null || echo development)
tag=$(git describe --tags --match 'v[0-9]*' --dirty=.dirty 2>/dev/null || true)
date=$(git log -1 --format=%cd --date=format:%Y%m%d 2>/dev/null || date +%Y%m%d)
fallback=0.0.0+git$date.${version//-/.}
PACKAGE_VERSION=${PACKAGE_VERSION:-${tag:+$(sed 's/^v//; s/-/+/g' <<<"$tag")}}
export PACKAGE_VERSION=${PACKAGE_VERSION:-$fallback}
export MAINTAINER='Productcache maintainers <maintainers@productcache.example>'
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

# program ARCHITECTURE FILE
program() {
  GOARCH=$1 CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$PACKAGE_VERSION" -o "$2" ./cmd/productcache
}

# What is the same for all architectures: the manual out of -help, changelogs, and the
# licenses of everything that is linked.
program "$(go env GOHOSTARCH)" "$stage/native"
{
  echo ".TH PRODUCTCACHE 1 \"\" \"productcache $PACKAGE_VERSION\""
  cat "$here/manual.head"
  "$stage/native" -help 2>&1 | awk -f "$here/manual.awk"
  cat "$here/manual.tail"
} | gzip -9n >"$stage/productcache.1.gz"
gzip -9n <CHANGELOG.md >"$stage/changelog.gz"
gzip -9n >"$stage/changelog.Debian.gz" <<END
productcache ($PACKAGE_VERSION-1) unstable; urgency=medium

  * What changes for those who run the service is in changelog.gz.

 -- $MAINTAINER  $(git log -1 --format=%cD 2>/dev/null || date -R)
END
{
  echo "Go $(go env GOVERSION)"
  cat "$(go env GOROOT)/LICENSE"
  go version -m "$stage/native" | awk '$1 == "dep" { print $2 "@" $3 }' | while read -r module; do
    printf '\n==== %s\n\n' "$module"
    find "$(go list -m -f '{{.Dir}}' "${module%@*}")" -maxdepth 1 \( -iname 'LICEN[SC]E*' -o -iname 'NOTICE*' -o -iname 'COPYING*' \) | sort | xargs -r -d '\n' cat
  done
} | gzip -9n >"$stage/NOTICES.gz"

for ARCH in "$@"; do
  export ARCH STAGE=$stage/$ARCH
  mkdir "$STAGE"
  cp "$stage"/*.gz "$STAGE"
  program "$ARCH" "$STAGE/productcache"
  file=$folder/productcache_$PACKAGE_VERSION-1_$ARCH.deb
  (cd "$here" && go tool nfpm package --packager deb --config nfpm.yaml --target "$file") >"$stage/nfpm.log" || { cat "$stage/nfpm.log" >&2; exit 1; }
  lintian --allow-root --fail-on error,warning "$file"
  echo "$file"
done
