#!/usr/bin/env bash
# Installs the peers and wrk from Debian's packages where they are missing. A run starts servers of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec scripts/install-quietly.sh nginx=nginx-light varnishd=varnish haproxy=haproxy memcached=memcached redis-server=redis-server wrk=wrk
