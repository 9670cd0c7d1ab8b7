#!/usr/bin/env bash
# Builds two versions of the package, and tries them under a real systemd in a container
# (TestPackage). Needs root, and on the first run a mirror of Debian's packages.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || { echo "test-package: only root can boot a container" >&2; exit 1; }

cache=${XDG_CACHE_HOME:-$HOME/.cache}/productcache-test
debian=$cache/debian-systemd
if [ ! -d "$debian" ]; then
  echo "fetching a Debian into $debian"
  mkdir -p "$cache"
  rm -rf "$debian.new"
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,procps bookworm "$debian.new" >"$cache/debootstrap.log" || { tail -n 5 "$cache/debootstrap.log" >&2; exit 1; }
  mv "$debian.new" "$debian"
fi

packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
architecture=$(dpkg --print-architecture)
for version in old:1.0.0 new:2.0.0; do
  PACKAGE_VERSION=${version#*:} deploy/package/build.sh "$packages" "$architecture"
  mv "$packages/productcache_${version#*:}-1_$architecture.deb" "$packages/${version%:*}.deb"
done
PRODUCTCACHE_TEST_DEBIAN=$debian PRODUCTCACHE_TEST_PACKAGES=$packages go test -count=1 -timeout 15m -v -run '^TestPackage$' ./deploy/systemd
