#!/bin/bash
# Boots a separate systemd: boot.sh DIRECTORY NAME [SOURCE:TARGET...]. Writes its pid to DIRECTORY/pid once it runs.
# Ends when that systemd ends, and removes its control groups. Its root is an overlay over this machine's root, so that all
# writes are discarded. Never boot it on the root itself: Debian's tmpfiles rules would empty the machine's /tmp.
set -eu
directory=$1 name=$2
shift 2
groups=()
mk() { mkdir "$1" && groups+=("$1"); }
v2=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
[ -z "$v2" ] || mk "$v2/$name"
hybrid=""
if [ -d /sys/fs/cgroup/systemd ]; then
  hybrid=hybrid
  for controller in systemd memory pids cpu; do
    [ ! -d "/sys/fs/cgroup/$controller" ] || mk "/sys/fs/cgroup/$controller/$name"
  done
fi
leave() {
  for group in "${groups[@]}"; do
    # A group with processes cannot be removed; they end within a moment.
    for _ in $(seq 100); do
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
      [ -d "$group" ] || break
      sleep 0.05
    done
  done
}
trap leave EXIT
mkdir -p "$directory/base"
(
  for group in "${groups[@]}"; do echo "$BASHPID" >"$group/cgroup.procs"; done
  exec setsid unshare --fork --pid --mount --ipc --uts --cgroup --kill-child \
    bash "$(dirname "$0")/inside.sh" "$hybrid" "$directory/base" "$@"
) &
outer=$!
trap 'kill -KILL $outer 2>/dev/null || true' TERM INT
for _ in $(seq 500); do
  inner=$(pgrep -P $outer -x systemd || true)
  [ -z "$inner" ] || break
  kill -0 $outer || exit 1
  sleep 0.02
done
echo "$inner" >"$directory/pid.part" && mv "$directory/pid.part" "$directory/pid"
wait $outer || true
