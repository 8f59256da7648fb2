#!/bin/sh
# Installs the Debian packages that tests and pictures use. Without root or apt it says so and goes on:
# the tests that need them are then skipped, with that reason.
#
# "ciphers PYTHON DIRECTORY" puts the build of apsw that can encrypt into a directory. Both builds are one
# module: with the directory first on PYTHONPATH, tests run on this one, and otherwise on the plain one.
set -u
if [ "${1:-}" = ciphers ]; then
  exec "$2" -m pip install --quiet --no-deps --upgrade --target "$3" "apsw-sqlite3mc>=3.51"
fi
case "${1:-tests}" in
  tests)
    wanted="busybox chromium chromium-driver dropbear-bin etcd-client etcd-server fish iproute2 libnss-wrapper openssh-client openssh-server"
    wanted="$wanted sudo tmux zsh"
    command -v npm >/dev/null 2>&1 || wanted="$wanted npm" ;;
  etcd) wanted="etcd-client etcd-server" ;;
  proof) wanted="ceph-mon ceph-osd radosgw" ;;
  pictures) wanted="fonts-dejavu-core fonts-firacode fonts-noto-cjk fonts-noto-color-emoji librsvg2-bin" ;;
  *) echo "usage: setup.sh [tests|etcd|proof|pictures|ciphers PYTHON DIRECTORY]" >&2; exit 2 ;;
esac
missing=""
for package in $wanted; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "note: not installed, needs root and apt:$missing"
  [ -n "${CI:-}" ] && exit 1
  exit 0
fi
echo "installing$missing ..."
export DEBIAN_FRONTEND=noninteractive
# Tests start servers themselves: what the packages would start, now and at the next boot, is nobody's.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
fi
# shellcheck disable=SC2086 # one word a package
apt-get update -qq >/dev/null \
  && apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 $missing >/dev/null || exit
case "$missing" in
  *etcd-server*) ! command -v systemctl >/dev/null 2>&1 || systemctl --quiet disable etcd.service ;;
esac
