#!/usr/bin/env bash
# Unpacks Debian sid's MySQL server for this package's tests, without touching what is installed.
#
# usage: install-mysql.sh [FOLDER]
#
# FOLDER is where tests look for it: $PRODUCTCACHE_TEST_MYSQL, or productcache-test/mysql in the
# user's cache folder. It gets a program, mysqld, which runs the server by the libraries that came
# with it, and data, a fresh data folder. Needs apt, 70 MB to fetch and 0.5 GB of disk; no root.
set -euo pipefail

folder=${1:-${PRODUCTCACHE_TEST_MYSQL:-${XDG_CACHE_HOME:-$HOME/.cache}/productcache-test/mysql}}
if [ -x "$folder/mysqld" ] && [ -d "$folder/data" ]; then
  echo "MySQL is there: $folder"
  exit 0
fi
command -v apt-get >/dev/null || { echo "install-mysql.sh: this is no Debian: there is no apt-get" >&2; exit 1; }

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
root=$folder/root
apt=$folder/apt
rm -rf "$root" "$apt" "$folder/data"
mkdir -p "$root" "$apt"/{lists/partial,cache/archives/partial,sources}
: >"$apt/status"

# The machine's own mirror, asked for sid.
for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
  [ -s "$list" ] || continue
  case $list in
  *.sources) awk 'BEGIN { RS = ""; ORS = "\n\n" } !/debian-security/ { sub(/Suites:[^\n]*/, "Suites: sid"); print }' "$list" >"$apt/sources/sid.sources" ;;
  *) awk '$1 == "deb" && !/security/ { for (i = 2; i <= NF; i++) if ($i ~ /^[a-z+]+:/) { print "deb", $i, "sid main"; exit } }' "$list" >"$apt/sources/sid.list" ;;
  esac
  break
done

options=(
  -o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$apt/sources" -o "Dir::State::lists=$apt/lists"
  -o "Dir::Cache=$apt/cache" -o "Dir::State::status=$apt/status" -o "Debug::NoLocking=1"
  -o "APT::Install-Recommends=0" -o "APT::Sandbox::User=$(id -un)" -o "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"
)
apt-get "${options[@]}" -qq update
apt-get "${options[@]}" -y -qq --download-only install mysql-server-core >/dev/null
for package in "$apt"/cache/archives/*.deb; do dpkg -x "$package" "$root"; done
rm -rf "$apt"

libraries=$(find "$root/usr/lib" -name '*.so*' -printf '%h\n' | sort -u | grep -v -e plugin -e perl -e gconv | paste -sd:)
loader=$(find "$root/usr" -name 'ld-linux-*.so.*' | head -n 1)
cat >"$folder/mysqld" <<END
#!/bin/sh
exec '$loader' --library-path '$libraries' '$root/usr/sbin/mysqld' "\$@" \\
  --lc-messages-dir='$root/usr/share/mysql' --character-sets-dir='$root/usr/share/mysql/charsets' --plugin-dir='$root/usr/lib/mysql/plugin'
END
chmod +x "$folder/mysqld"
user=()
[ "$(id -u)" != 0 ] || user=(--user=root)
"$folder/mysqld" --no-defaults --initialize-insecure --datadir="$folder/data.new" --tmpdir="$folder" --innodb-redo-log-capacity=32M "${user[@]}" 2>"$folder/initialize.log" ||
  { tail -n 5 "$folder/initialize.log" >&2; exit 1; }
mv "$folder/data.new" "$folder/data"
"$folder/mysqld" --no-defaults --version
