#!/usr/bin/env bash
# Installs Debian packages unless the program that the first of them brings is there.
#
# usage: install.sh PROGRAM PACKAGE...   a path instead of PROGRAM is a file
set -euo pipefail
program=$1
shift
packages=("$@")
export PATH=$PATH:/usr/sbin:/usr/local/sbin
here() { [ -e "$program" ] || command -v "$program" >/dev/null; }
here && exit 0

if ! command -v apt-get >/dev/null; then
  echo "$program is missing, and this is no Debian: install it (on Debian: ${packages[*]}) and try again" >&2
  exit 1
fi
sudo=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "$program is missing: install it as root by: apt-get install ${packages[*]}" >&2; exit 1; }
  sudo=(sudo)
fi
echo "installing ${packages[*]}"
"${sudo[@]}" apt-get -qq update
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
here || { echo "${packages[*]}: installed, but there is no $program" >&2; exit 1; }
