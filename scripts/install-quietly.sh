#!/usr/bin/env bash
# Installs Debian packages that bring services, without starting these: whoever runs this starts servers of its own.
#
# usage: install-quietly.sh PROGRAM=PACKAGE[,PACKAGE...]...   a path instead of PROGRAM is a file
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PATH:/usr/sbin:/usr/local/sbin
policy=/usr/sbin/policy-rc.d # asked by packages whether they may start services; 101 forbids it
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)

missing=()
for pair in "$@"; do
  program=${pair%%=*}
  [ -e "$program" ] || command -v "$program" >/dev/null || missing+=("$pair")
done
[ ${#missing[@]} != 0 ] || exit 0

if [ ! -e "$policy" ]; then
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi
for pair in "${missing[@]}"; do
  IFS=, read -ra packages <<<"${pair#*=}"
  scripts/install.sh "${pair%%=*}" "${packages[@]}"
done
