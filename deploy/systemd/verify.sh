#!/usr/bin/env bash
# Verifies the units of a package, without starting them: that systemd understands all
# of them, and that the service is exposed (systemd-analyze security) by 2.0 at most.
#
# usage: verify.sh PACKAGE.deb
set -euo pipefail
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
dpkg -x "$1" "$root"
install -D /bin/kill "$root/bin/kill" # of ExecReload, as Debian has it
units=(productcache.service productcache.socket productcache-admin.socket productcache-backup.service productcache-backup.timer)

# Only these: of other units, which the folder has none of, it would complain.
found=$(systemd-analyze verify --root="$root" --man=no --recursive-errors=no "${units[@]}" 2>&1) || { echo "$found" >&2; exit 1; }
[ -z "$found" ] || { echo "$found" >&2; exit 1; }
systemd-analyze security --offline=yes --root="$root" --threshold=20 --no-pager "${units[0]}" | tail -n 1
