#!/usr/bin/env bash
# Installs a Linux distribution into a folder and runs README's commands there, as an ordinary user:
# a look at whether what README asks for is all that it takes.
set -euo pipefail

usage="Usage: tools/try_distribution.sh [--keep] NAME [TARGET...]

Runs \`make TARGET\` for each target (demo, then test) of the last commit in a new installation of
the distribution NAME. Needs root, debootstrap and 20 GB of disk. The installation is removed at the
end; with --keep it stays, and the next call with --keep goes on with it.
MIRROR=URL names a mirror of Debian, MAKE_ARGS=\"...\" further arguments of make."
known="Known names: debian-13, debian-testing"

complain() {
  printf '%s\n' "$@" >&2
  exit 2
}

keep=no
name=
targets=()
for argument; do
  case $argument in
    --keep) keep=yes ;;
    -h | --help) printf '%s\n\n%s\n' "$usage" "$known" && exit ;;
    -*) complain "There is no option $argument." "$usage" "$known" ;;
    *) if [ -z "$name" ]; then name=$argument; else targets+=("$argument"); fi ;;
  esac
done
[ ${#targets[@]} -gt 0 ] || targets=(demo test)
case $name in
  debian-13) suite=trixie ;;
  debian-testing) suite=testing ;;
  "") complain "$usage" "$known" ;;
  *) complain "The distribution $name is not known here." "$known" ;;
esac

# What README and its hint about python3-venv ask for, and the certificates without which no package
# index is believed.
packages=ca-certificates,git,make,python3,python3-venv

repository=$(cd "$(dirname "$0")/.." && pwd)
build=$repository/build/distributions
root=$build/$name
log=$build/$name.log

[ "$(id -u)" -eq 0 ] || complain "Only root may install a distribution: sudo $0 $*"
for command in debootstrap git unshare pivot_root findmnt; do
  command -v "$command" >/dev/null ||
    complain "The program $command is missing (Debian and Ubuntu: debootstrap, git, util-linux, mount)."
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r $keyring ] || complain "Debian's keys are missing: install the package debian-archive-keyring."
mkdir -p "$build"
free=$(df --output=avail -BG "$build" | tail -n 1 | tr -dc 0-9)
[ "$free" -ge 20 ] || complain "$build has $free GB left, and 20 are needed."
if [ -n "$(git -C "$repository" status --porcelain)" ]; then
  echo "What is not committed is not tried." >&2
fi

# Mounts exist in a namespace of their own only, so they end with the programs in it, however these
# end. All the same: nothing is removed while something is mounted there.
# shellcheck disable=SC2329 # the trap calls it
clean_up() {
  if findmnt -rno TARGET | grep -qF "$root"; then
    echo "Something is still mounted below $root: it stays." >&2
  elif [ "$keep" = no ]; then
    rm -rf "$root"
  fi
}
trap clean_up EXIT
[ "$keep" = yes ] || rm -rf "$root"

# shellcheck disable=SC2016 # $(REPO_URI) is for apt-get
# The mirror that this machine's apt is told to use, if it is one of Debian.
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
  'Label: Debian' 2>/dev/null | head -n 1)}
mirror=${mirror:-http://deb.debian.org/debian}

# pip gets the settings that it has outside, and sees the files that they name. The pages of an index
# in a folder (file:///…/simple) lead to files beside it, so that the folder around it is shown.
settings=$(python3 -m pip config list 2>/dev/null |
  sed -nE "s/^[^.]*\.([a-z-]+)='(.*)'$/\1 = \2/p" | awk '!seen[$1]++' || true)
mapfile -t visible < <(sed 's/^[^ ]* = //; s/ /\n/g' <<<"$settings" |
  sed -nE 's,^file://(/.+)/[^/]+/?$,\1,; \,^/,p' | sort -u)

install() {
  echo "== Installing $name ($suite): ${packages//,/ }"
  unshare --mount debootstrap --variant=minbase --include="$packages" --keyring="$keyring" \
    "$suite" "$root" "$mirror"
  chroot "$root" useradd --create-home --shell /bin/bash visitor
}

try() {
  if [ ! -d "$root/home/visitor" ]; then
    rm -rf "$root"
    install
  fi
  # Names are resolved as outside.
  cp -L /etc/resolv.conf /etc/hosts "$root/etc"
  printf '[global]\n%s\n' "$settings" >"$root/etc/pip.conf"
  local home=$root/home/visitor
  rm -rf "$home/lxmls_nb"
  git -c advice.detachedHead=false clone --quiet --no-hardlinks "$repository" "$home/lxmls_nb"
  git -C "$home/lxmls_nb" log -1 --format='== Commit %h of %cs'
  chroot "$root" chown -R visitor: /home/visitor
  # A changed root alone would not do: the kernel forbids user namespaces in it, of which the
  # sandbox is made. Here the folder becomes the root of a mount namespace.
  unshare --mount --propagation private --pid --fork --kill-child \
    bash -euo pipefail -c "$enter" enter "$root" "${#visible[@]}" "${visible[@]}" \
    "${targets[@]}" </dev/null
}

# shellcheck disable=SC2016
enter='
root=$1 count=$2
shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
for path in "${@:1:count}"; do
  [ -e "$path" ] || continue
  if [ -d "$path" ]; then
    mkdir -p "$root$path"
  else
    mkdir -p "$root$(dirname "$path")"
    touch "$root$path"
  fi
  mount --rbind "$path" "$root$path"
  mount -o remount,bind,ro "$root$path"
done
shift "$count"
cd "$root"
mkdir -p outside
pivot_root . outside
umount -l /outside
rmdir /outside
cd /home/visitor/lxmls_nb
. /etc/os-release
echo "== $PRETTY_NAME, $(python3 --version), as $(runuser -u visitor -- id -un)"
for target; do
  echo "== make $target"
  SECONDS=0
  runuser -u visitor -- env -i HOME=/home/visitor USER=visitor PATH=/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    ${no_proxy:+no_proxy="$no_proxy"} make "$target" ${MAKE_ARGS:-}
  echo "== make $target went well in $SECONDS s"
done
'

echo "The log is $log"
# In a condition, `set -e` would not hold inside of try.
set +e
(
  set -e
  try
) 2>&1 | tee "$log"
status=$?
set -e
grep -E '^(== |=+ .* in [0-9.]+s)' "$log" || true
if [ "$status" -eq 0 ]; then
  echo "All went well: $log"
else
  echo "It failed (status $status): $log"
fi
exit "$status"
