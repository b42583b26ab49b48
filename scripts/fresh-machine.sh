#!/usr/bin/env bash
# `npm run fresh`: the README's two commands on a machine that has Debian's smallest root file system, Node 20, npm, libatomic1
# and nothing else: no git, no compiler, no newer Node. In a chroot with namespaces of its own, removed at the end. The tests are
# those whose path contains one of the words given (npm run fresh -- policy config; --all: all of them, a quarter of an hour).
set -euo pipefail
cd "$(dirname "$0")/.."
words=${*:-test/policy test/core test/cli/demo test/cli/check test/readme}
[ "${1:-}" != --all ] || words=""
for program in debootstrap unshare chroot node npm; do
  command -v $program >/dev/null || { echo "fresh: $program is missing; apt-get install debootstrap util-linux"; exit 1; }
done
# The first Node in the path that is a 20: npm puts a newer one before it.
node=$(type -ap node | while read -r one; do "$one" --version | grep -q '^v20\.' && echo "$one" && break; done || true)
[ -n "$node" ] || { echo "fresh: there is no Node 20 on this machine to bring along"; exit 1; }
npm=$(dirname "$node")/../lib/node_modules/npm
mirror=$(grep -rohE "https?://[^ ]+/debian/?( |$)" /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -n 1 || true)
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
echo "fresh: a root file system from ${mirror:-the default mirror}"
debootstrap --variant=minbase --include=libatomic1,ca-certificates bookworm "$root" $mirror >"$root.log" 2>&1 ||
  { tail -n 5 "$root.log"; rm -f "$root.log"; exit 1; }
rm -f "$root.log"
cp -L "$node" "$root/usr/bin/node"
mkdir -p "$root/usr/lib/node_modules" "$root/srv/spillway"
cp -r "$npm" "$root/usr/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/bin/npx"
# How this machine reaches its registry: its own affair, and the new one's too.
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
[ ! -f ~/.npmrc ] || cp ~/.npmrc "$root/root/.npmrc"
git ls-files -z | xargs -0 cp --parents -t "$root/srv/spillway"
inside() {
  unshare --mount --pid --fork --kill-child bash -c '
    mount --make-rprivate / && mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev"
    exec chroot "$0" /usr/bin/env -i HOME=/root PATH=/usr/bin:/bin LANG=C.UTF-8 CI=true \
      NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt sh -c "cd /srv/spillway && $1"' "$root" "$1"
}
demo=$(grep -x 'npm ci && npm run demo' README.md)
tests=$(grep -x 'npm ci && npm test' README.md)
echo "fresh: node $(inside 'node --version'), npm $(inside 'npm --version'); $demo"
said=$(inside "$demo" 2>&1)
echo "$said"
grep -q 'balance 0 OK' <<<"$said" || { echo "fresh: the demo did not end with a ledger in balance"; exit 1; }
! grep -qE 'EBADENGINE|npm warn' <<<"$said" || { echo "fresh: a newcomer is warned of something"; exit 1; }
echo "fresh: $tests${words:+ -- $words}"
inside "$tests${words:+ -- $words}"
[ -z "$(inside 'ls -A | grep spillway-demo || true')" ] || { echo "fresh: the demo left something"; exit 1; }
