#!/bin/bash
# Puts a directory together that stands for the image `node:26-bookworm`: the programs that the Dockerfile calls, taken from this
# machine with their libraries, Node 26 and npm, and what this machine needs to reach its registry. base-image.sh TARGET NODE
set -euo pipefail
target=$1 node=$2
mkdir -p "$target"/{etc/ssl/certs,proc,dev,tmp,root,usr/local/bin,usr/local/lib/node_modules,var/tmp}
chmod 1777 "$target/tmp"
mkdir -p "$target"/usr/{bin,lib,lib64}
ln -s usr/bin usr/lib usr/lib64 "$target/"
add() { cp --parents -L -n "$@" "$target"; }
programs="bash sh sleep env cat cp mv ln rm mkdir chmod chown find grep sed ldd strip node"
for program in $programs; do
  path=$(command -v "$program")
  [ "$program" = node ] && { cp "$node" "$target/usr/local/bin/node" && path=$node; } || add "$path"
  libraries=$(ldd "$path" 2>/dev/null | grep -o '/[^ ]*') || true
  [ -z "$libraries" ] || add $libraries
done
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
cp -r "$npm" "$target/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$target/usr/local/bin/npm"
cp -L /etc/ssl/certs/ca-certificates.crt "$target/etc/ssl/certs/"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$target/etc/passwd"
cp -L /etc/resolv.conf /etc/hosts "$target/etc/" 2>/dev/null || true
[ ! -f /root/.npmrc ] || cp /root/.npmrc "$target/root/.npmrc"
