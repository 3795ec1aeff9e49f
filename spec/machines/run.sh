#!/bin/sh
# Runs the core's specs on another machine's Lua, with a core compiled for it, in this system under qemu:
#   spec/machines/run.sh i386 lua5.1
# Needs qemu-user-static and the machine's gcc: purpose `machines` of .ci/packages.
set -eu

machine=$1 lua=$2
shift 2
case $machine in
  i386) gcc=i686-linux-gnu-gcc qemu=qemu-i386-static triplet=i386-linux-gnu ;;
  arm64) gcc=aarch64-linux-gnu-gcc qemu=qemu-aarch64-static triplet=aarch64-linux-gnu ;;
  s390x) gcc=s390x-linux-gnu-gcc qemu=qemu-s390x-static triplet=s390x-linux-gnu ;;
  *) echo "no such machine: $machine" >&2; exit 2 ;;
esac
folder=build/machines/$machine
version=${lua#lua}
"${0%/*}/root.sh" "$machine" "$lua" "$folder"
root=$PWD/$folder/root

make --no-print-directory -s all "$folder/build/spec_process.so" LUA="$lua" LUA_VERSION="$version" BUILD="$folder/build" \
  CC="$gcc --sysroot=$root -isystem $root/usr/include/$triplet" LUA_CFLAGS="-I$root/usr/include/$lua" LIB_CFLAGS= \
  LIBS="-lcurl -lcrypto"

specs=${SPECS:-"spec/loading_spec.lua spec/decode_spec.lua spec/json_spec.lua spec/lua_source_spec.lua spec/table_spec.lua
  spec/report_spec.lua spec/sign_spec.lua spec/text_spec.lua spec/dates_spec.lua
  spec/machines/integers_spec.lua"}
mkdir -p "$folder/build/home"
export LUA="$qemu -L $root $root/usr/bin/$lua" HOME="$PWD/$folder/build/home" ALIBABA_CLOUD_ECS_METADATA_DISABLED=true
export LUA_PATH="./lua/?.lua;./lua/?/init.lua;./?.lua;/usr/share/lua/$version/?.lua;/usr/share/lua/$version/?/init.lua"
export LUA_CPATH="./$folder/build/?.so;$root/usr/lib/$triplet/lua/$version/?.so" SLOWED=20
exec $LUA spec/support/run.lua $specs
