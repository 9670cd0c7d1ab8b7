#!/usr/bin/env bash
# Installs the peers and wrk from Debian's packages where they are missing. Their services are kept from
# starting: a run starts servers of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH=$PATH:/usr/sbin
policy=/usr/sbin/policy-rc.d # asked by packages whether they may start services; 101 forbids it
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)

missing=()
while read -r program package; do
  command -v "$program" >/dev/null || missing+=("$program $package")
done <<'EOF'
nginx nginx-light
varnishd varnish
haproxy haproxy
memcached memcached
redis-server redis-server
wrk wrk
EOF
[ ${#missing[@]} != 0 ] || exit 0

if [ ! -e "$policy" ]; then
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi
for pair in "${missing[@]}"; do
  read -r program package <<<"$pair"
  scripts/install.sh "$program" "$package"
done
