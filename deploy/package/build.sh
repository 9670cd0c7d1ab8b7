#!/usr/bin/env bash
# Builds the Debian package into a folder, and checks it by lintian.
#
# usage: build.sh FOLDER [ARCHITECTURE...]     amd64 and arm64 unless told otherwise
#
# PACKAGE_VERSION is the version, that of the last tag unless it is set; the
# date is SOURCE_DATE_EPOCH or that of the commit. The same source gives the
# same files, wherever and by whomever it is built with the same Go:
# ../supply/reproducible.sh. Nothing is checked if PACKAGE_LINTIAN is no.
# PROGRAM_GOCACHE is where the program is compiled, not the tools.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- amd64 arm64
cd "$root"

PACKAGE_VERSION=${PACKAGE_VERSION:-$(scripts/revision.sh package)}
SOURCE_DATE_EPOCH=$(scripts/revision.sh epoch)
export PACKAGE_VERSION SOURCE_DATE_EPOCH
export MAINTAINER='Productcache maintainers <maintainers@productcache.example>'
export LC_ALL=C
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

# program ARCHITECTURE FILE
program() {
  GOOS=linux GOARCH=$1 CGO_ENABLED=0 GOCACHE=${PROGRAM_GOCACHE:-$(go env GOCACHE)} \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$PACKAGE_VERSION" -o "$2" ./cmd/productcache
}

# What is the same for all architectures: the manual out of -help, changelogs, and the
# licenses of everything that is linked.
native=$(go env GOHOSTARCH)
program "$native" "$stage/native"
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

 -- $MAINTAINER  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
go -C "$here/../supply" run ./licences notices >"$stage/NOTICES"
gzip -9n "$stage/NOTICES"

for ARCH in "$@"; do
  export ARCH STAGE=$stage/$ARCH
  mkdir "$STAGE"
  cp "$stage"/*.gz "$STAGE"
  if [ "$ARCH" = "$native" ]; then cp "$stage/native" "$STAGE/productcache"; else program "$ARCH" "$STAGE/productcache"; fi
  file=$folder/productcache_$PACKAGE_VERSION-1_$ARCH.deb
  (cd "$here" && go tool nfpm package --packager deb --config nfpm.yaml --target "$file") >"$stage/nfpm.log" || { cat "$stage/nfpm.log" >&2; exit 1; }
  [ "${PACKAGE_LINTIAN:-}" = no ] || lintian --allow-root --fail-on error,warning "$file"
  echo "$file"
done
