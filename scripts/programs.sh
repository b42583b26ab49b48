#!/usr/bin/env bash
# Installs the programs that tests drive, beside Node, Java, Maven and Go, on Debian 12 as root. With `proof`, also those that
# only `npm run proof` needs. libatomic1 is what Node's own binary from npm stands on.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
programs=(curl fish gcc libatomic1 libc6-dev logrotate man-db prometheus strace systemd tmux zsh)
[ "${1:-}" != proof ] || programs+=(binutils buildah catatonit chromium debootstrap podman rpm runc)
apt-get update -qq
apt-get install -yqq --no-upgrade --no-install-recommends "${programs[@]}" >/dev/null
PIP_BREAK_SYSTEM_PACKAGES=1 pip install --quiet --disable-pip-version-check --root-user-action=ignore kubernetes-validate==1.37.0
