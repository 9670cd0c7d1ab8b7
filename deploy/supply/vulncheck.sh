#!/usr/bin/env bash
# Looks for known vulnerabilities in what a program calls, by govulncheck.
#
# usage: vulncheck.sh [MODULE [PACKAGE]]     the repository and ./cmd/productcache unless told otherwise
#
# GOVULNDB is the database, Go's own unless it is set. Where it cannot be
# reached nothing is checked: that is said, and is no failure unless
# PRODUCTCACHE_REQUIRE_VULNDB is set.
#
# exit status: 0 none found, or skipped; 3 found; anything else: the check itself failed
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
module=$(cd "${1:-$here/../..}" && pwd)
package=${2:-./cmd/productcache}
GOVULNDB=${GOVULNDB:-https://vuln.go.dev}

# The list of modules comes first in every scan; over file it is not compressed.
list=${GOVULNDB%/}/index/modules.json
[[ $GOVULNDB == file:* ]] || list=$list.gz
if ! reason=$(curl --fail --silent --show-error --location --connect-timeout 10 --max-time 30 --output /dev/null "$list" 2>&1); then
  echo "== vulnerabilities: SKIPPED, NOTHING WAS CHECKED: the database $GOVULNDB cannot be reached: $reason" >&2
  [ -z "${PRODUCTCACHE_REQUIRE_VULNDB:-}" ] || exit 1
  exit 0
fi

govulncheck=$(go -C "$here" tool -n govulncheck)
status=0
CGO_ENABLED=0 "$govulncheck" -db "$GOVULNDB" -C "$module" "$package" || status=$?
case $status in
0) echo "== vulnerabilities: none known in what $package calls, says $GOVULNDB" ;;
3) echo "== vulnerabilities: FOUND in what $package calls: see above" >&2 ;;
*) echo "== vulnerabilities: the check FAILED: govulncheck ended with status $status" >&2 ;;
esac
exit "$status"
