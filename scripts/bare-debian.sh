#!/usr/bin/env bash
# Runs a command in a fresh clone of the current commit on a bare Debian 12 that has only git, make and CA certificates:
# the proof that the README's commands need nothing else. Needs root, debootstrap, about 6 GB of disk and a network.
#
#   scripts/bare-debian.sh TARGET                 make test
#   scripts/bare-debian.sh TARGET COMMAND...      another command, given to bash -c, in the clone
#
# TARGET is a folder that does not exist yet; it stays afterwards, to be looked into or removed. This machine's name
# servers and CA certificates and its proxy settings (http_proxy, GOPROXY and the like) are handed in, for the network;
# MIRROR names a Debian mirror in place of debootstrap's own choice. Nothing else of this machine is seen inside.
set -euo pipefail

fail() { echo "bare-debian: $*" >&2; exit 1; }
if [ $# = 0 ] || [ "$1" = -h ] || [ "$1" = --help ]; then
  sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
  exit 2
fi
[ "$(id -u)" = 0 ] || fail "needs root"
command -v debootstrap >/dev/null || fail "debootstrap is missing; install by hand: apt-get install debootstrap"
if [ -e "$1" ]; then fail "$1 exists; name a new folder"; fi
mkdir -p "$1"
target=$(cd "$1" && pwd)
shift
command=${*:-make test}
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
commit=$(git -C "$repository" rev-parse HEAD)

# inside runs a command in the target; what it mounts disappears with it.
inside() {
  local variables=() name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY GOPROXY GOSUMDB GONOSUMDB; do
    if [ -n "${!name:-}" ]; then variables+=("$name=${!name}"); fi
  done
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    "${variables[@]}" sh -ec 'mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; exec chroot "$1" bash -c "$2"' \
    sh "$target" "$1"
}

echo "bare-debian: installing Debian 12 into $target"
log=$(mktemp)
debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$target" ${MIRROR:+"$MIRROR"} >"$log" 2>&1 ||
  { tail -n 15 "$log" >&2; fail "debootstrap failed; its log is $log"; }
rm -f "$log"
cp -L /etc/resolv.conf "$target/etc/resolv.conf"
if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
  cp /usr/local/share/ca-certificates/*.crt "$target/usr/local/share/ca-certificates/"
  inside 'update-ca-certificates >/dev/null 2>&1'
fi

echo "bare-debian: cloning $commit"
git clone -q --no-local "$repository" "$target/root/transfera"
git -C "$target/root/transfera" checkout -q --detach "$commit"

echo "bare-debian: $command"
SECONDS=0
status=0
inside "cd /root/transfera && $command" || status=$?
echo "bare-debian: status $status after $SECONDS s; $(du -xsm "$target" | cut -f 1) MB of disk"
exit $status
