#!/bin/bash
# The second half of boot.sh, in new namespaces: mounts the overlay, masks units that would affect the machine, execs systemd.
set -eu
hybrid=$1 base=$2
shift 2
mount --make-rprivate /
mount -t tmpfs tmpfs "$base"
mkdir "$base"/{u,w,r}
mount -t overlay -o "lowerdir=/,upperdir=$base/u,workdir=$base/w" overlay "$base/r"
root=$base/r
mkdir -p "$root/.old"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --rbind /dev "$root/dev"
if [ -n "$hybrid" ]; then
  mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
  mkdir "$root"/sys/fs/cgroup/{systemd,memory,pids,cpu,unified}
  mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
  for controller in memory pids cpu; do mount -t cgroup -o $controller cgroup "$root/sys/fs/cgroup/$controller"; done
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified"
else
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
fi
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
for bind in "$@"; do
  mkdir -p "$root${bind#*:}"
  mount --bind "${bind%%:*}" "$root${bind#*:}"
done
masks=$root/run/systemd/system
mkdir -p "$masks" "$root/run/lock"
for unit in systemd-{tmpfiles-setup,tmpfiles-setup-dev,tmpfiles-clean,sysctl,modules-load,udevd,udev-trigger,remount-fs}.service \
  systemd-{machine-id-commit,random-seed,update-utmp,sysusers,networkd,resolved,timesyncd,binfmt}.service \
  systemd-udevd-{control,kernel}.socket ldconfig.service dev-hugepages.mount dev-mqueue.mount sys-kernel-{debug,tracing,config}.mount \
  sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount swap.target; do
  ln -s /dev/null "$masks/$unit"
done
cd "$root"
pivot_root . .old
umount -l /.old
# systemd mounts credentials in a separate mount namespace; they appear here by propagation. In a container, systemd leaves
# setting up the propagation to whoever runs the container, here this script.
mount --make-rshared /
exec env -i container=ci PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 /lib/systemd/systemd --system --unit=basic.target \
  --log-target=journal --show-status=no
