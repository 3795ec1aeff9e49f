#!/bin/sh
# Makes a folder with another machine's Lua and libraries in it, from Debian's packages for that machine; nothing is
# installed, and this system's package lists stay as they are.
#   spec/machines/root.sh i386 lua5.1 build/machines/i386
set -eu

machine=$1 lua=$2 folder=$3
[ ! -e "$folder/complete" ] || exit 0
mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/root"
folder=$(cd "$folder" && pwd)

case $lua in
  lua5.1) headers=liblua5.1-0-dev ;;
  *) headers=lib$lua-dev ;;
esac

private() {
  apt-get -qq -o APT::Architecture="$machine" -o APT::Architectures::="$machine" -o Dir::State::Lists="$folder/lists" \
    -o Dir::Cache="$folder/cache" -o Dir::State::status=/dev/null -o Debug::NoLocking=1 \
    -o APT::Install-Recommends=false -o APT::Sandbox::User=root "$@"
}

private update || true # one list of several may be missing: what is needed is asked for next
private install -y --download-only "$lua" "$headers" libc6-dev libgcc-12-dev libcurl4-openssl-dev libssl-dev \
  lua-cjson lua-socket lua-filesystem lua-system lua-term >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
for package in "$folder"/cache/archives/*.deb; do dpkg -x "$package" "$folder/root"; done
rm -rf "$folder/cache" "$folder/lists"
touch "$folder/complete"
