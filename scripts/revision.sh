#!/usr/bin/env bash
# Says what a build is built from, the same for everybody who has the commit.
#
# usage: revision.sh version    as -version shows it: that of git, or "development"
#        revision.sh package    the Debian package's upstream version
#        revision.sh epoch      the date, in seconds since 1970: SOURCE_DATE_EPOCH, or that
#                               of the commit, or, without git, that of CHANGELOG.md, which
#                               an archive made by git archive has from the commit
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$root"

# A source tree without git may lie in a repository of something else.
[ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$root" ] && git=yes || git=

epoch() {
  if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
    echo "$SOURCE_DATE_EPOCH"
  elif [ -n "$git" ]; then
    git log -1 --format=%ct
  else
    echo "revision.sh: no git and no SOURCE_DATE_EPOCH: the date is that of CHANGELOG.md" >&2
    stat -c %Y CHANGELOG.md
  fi
}

# How many digits git shows of a commit depends on what else a clone holds, unless it is told.
describe() { [ -n "$git" ] && git describe --tags --abbrev=12 "$@" 2>/dev/null; }

version() { describe --always --dirty || echo development; }

package() {
  local tag
  if tag=$(describe --match 'v[0-9]*' --dirty=.dirty); then
    sed 's/^v//; s/-/+/g' <<<"$tag"
  else
    version | sed "s/-/./g; s/^/0.0.0+git$(date -u -d "@$(epoch)" +%Y%m%d)./"
  fi
}

case ${1:-} in
version | package | epoch) "$1" ;;
*) echo "usage: revision.sh version|package|epoch" >&2 && exit 2 ;;
esac
