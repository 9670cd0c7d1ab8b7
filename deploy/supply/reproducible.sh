#!/usr/bin/env bash
# Builds the program and the Debian packages of the last commit three times, as
# different people would, and compares them: in a clone; in a clone elsewhere,
# compiled from nothing, with other settings; and in an archive without git.
#
# usage: reproducible.sh     REPRODUCIBLE_FOLDER= is kept, for a look at what differs;
#                            REPRODUCIBLE_ARCHITECTURES='amd64 arm64', of the packages: this machine's unless told otherwise
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=${REPRODUCIBLE_FOLDER:-}
if [ -z "$work" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi
native=$(go env GOHOSTARCH)
read -ra architectures <<<"${REPRODUCIBLE_ARCHITECTURES:-$native}"
commit=$(git -C "$root" rev-parse HEAD)
[ -z "$(git -C "$root" status --porcelain)" ] || echo "reproducible.sh: what is not committed is not built" >&2
unset SOURCE_DATE_EPOCH PACKAGE_VERSION VERSION MAKEFLAGS MAKEOVERRIDES
export PACKAGE_LINTIAN=no

clone() {
  git clone --quiet "$root" "$1"
  git -C "$1" checkout --quiet --detach "$commit"
}

# build SOURCE ARCHITECTURE... leaves in SOURCE/bin the program and its packages.
build() {
  local source=$1
  shift
  make -C "$source" --silent build ${PROGRAM_GOCACHE:+GOCACHE="$PROGRAM_GOCACHE"} >&2
  "$source/deploy/package/build.sh" "$source/bin" "$@" >&2
}

clone "$work/a"
build "$work/a" "${architectures[@]}"

(
  clone "$work/b/of another/name"
  modules=$(go env GOMODCACHE)
  ln -s "$modules" "$work/b/modules"
  export GOMODCACHE=$work/b/modules PROGRAM_GOCACHE=$work/b/cache
  export TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 GOFLAGS=-buildvcs=true GOAMD64=v1
  umask 077
  build "$work/b/of another/name" "$native"
)

mkdir "$work/c"
git -C "$root" archive "$commit" | tar -x -C "$work/c"
(
  # Only git knows the version.
  VERSION=$("$work/a/scripts/revision.sh" version)
  PACKAGE_VERSION=$("$work/a/scripts/revision.sh" package)
  export VERSION PACKAGE_VERSION
  build "$work/c" "${architectures[@]}"
)

# same FILE FILE...
same() {
  local first=$1 file
  for file; do
    cmp "$first" "$file" || { echo "== reproducible: $(basename "$first") DIFFERS" >&2; exit 1; }
  done
  sha256sum "$first" | sed 's|  .*/|  |'
}
cd "$work"
for file in a/bin/*; do
  name=${file##*/}
  others=(c/bin/"$name")
  case $name in productcache | *_"$native".deb) others+=("b/of another/name/bin/$name") ;; esac
  same "$file" "${others[@]}"
done
echo "== reproducible: three builds of $commit are the same, with $(go env GOVERSION)"
