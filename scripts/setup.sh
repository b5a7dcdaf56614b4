#!/usr/bin/env bash
# Prepares this checkout: Debian packages, then the native half build/native/libcgotorch.so, compiled as one unit from
# gotorch's C++ sources (Go module cache) and aten/native. Does nothing when everything is up to date.
#
#   scripts/setup.sh                      Debian's libtorch-dev, installed if absent
#   scripts/setup.sh --libtorch DIR       an official libtorch folder (include/, lib/), with or without CUDA
#   scripts/setup.sh --python PYTHON      the torch package of that Python, with or without CUDA
#
# TRANSFERA_LIBTORCH=DIR and TRANSFERA_PYTHON=PYTHON do the same. GOTORCH_DIR names the folder that holds cgotorch/ on a
# machine without Go. Afterwards plain `go build ./...`, `go vet ./...` and `go test ./...` work.
set -euo pipefail
cd "$(dirname "$0")/.."

libtorch=${TRANSFERA_LIBTORCH:-}
python=${TRANSFERA_PYTHON:-}
while [ $# -gt 0 ]; do
  case "$1" in
    --libtorch) libtorch=${2:?--libtorch needs a folder}; shift 2 ;;
    --python) python=${2:?--python needs an interpreter}; shift 2 ;;
    -h | --help) sed -n '2,10p' "$0" | sed 's/^# \{0,1\}//'; exit 0 ;;
    *) echo "setup: unknown argument $1; see scripts/setup.sh --help" >&2; exit 2 ;;
  esac
done

fail() { echo "setup: $*" >&2; exit 1; }

# --- Debian packages -------------------------------------------------------------------------------------------------
packages=()
need() { # need FILE-OR-COMMAND PACKAGE
  [ -e "$1" ] || command -v "$1" >/dev/null 2>&1 || packages+=("$2")
}
need g++ g++
need make make
if [ -n "${GOTORCH_DIR:-}" ]; then :; else
  need /usr/include/turbojpeg.h libturbojpeg0-dev
  need git git
  need go golang
fi
[ -n "$libtorch$python" ] || need /usr/include/torch/csrc/api/include/torch/torch.h libtorch-dev
if [ ${#packages[@]} -gt 0 ]; then
  if [[ " ${packages[*]} " == *" golang "* ]] && ! command -v go >/dev/null 2>&1; then
    fail "Go 1.26 or newer is missing: install it from https://go.dev/dl and put it on the PATH, then run this again"
  fi
  by_hand="install by hand: apt-get install ${packages[*]}   (or give --libtorch DIR or --python PYTHON for another libtorch)"
  command -v apt-get >/dev/null 2>&1 || fail "missing packages, and there is no apt-get here; $by_hand"
  if [ "$(id -u)" = 0 ]; then sudo=(); elif sudo -n true 2>/dev/null; then sudo=(sudo); else
    fail "missing packages, and this user can't install them; $by_hand"
  fi
  echo "setup: installing ${packages[*]}"
  log=$(mktemp)
  { "${sudo[@]}" apt-get update -q && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -q -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1 ||
    { tail -n 15 "$log" >&2; rm -f "$log"; fail "apt-get failed; $by_hand"; }
  rm -f "$log"
fi

# --- Which libtorch --------------------------------------------------------------------------------------------------
if [ -n "$python" ]; then
  libtorch=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))') ||
    fail "$python can't import torch; name another interpreter"
fi
if [ -n "$libtorch" ]; then
  [ -f "$libtorch/include/torch/csrc/api/include/torch/torch.h" ] && [ -f "$libtorch/lib/libtorch_cpu.so" ] ||
    fail "$libtorch is no libtorch folder: include/torch/csrc/api/include/torch/torch.h or lib/libtorch_cpu.so is missing"
  libtorch=$(cd "$libtorch" && pwd)
  include=$libtorch/include
  lib=$libtorch/lib
else
  include=/usr/include
  lib=$(dirname "$(ldconfig -p | awk '/libtorch_cpu\.so /{print $NF; exit}')")
  [ -e "$lib/libtorch_cpu.so" ] || fail "libtorch_cpu.so of libtorch-dev was not found; run ldconfig, or reinstall libtorch-dev"
fi

flags=(-std=c++17 -O2 -fPIC -shared -w -I "$include/torch/csrc/api/include")
[ "$include" = /usr/include ] || flags+=(-I "$include")
# An official libtorch may have been built with the old string ABI; its own symbols tell.
if grep -q 'NSt7__cxx1112basic_string' "$lib/libc10.so"; then flags+=(-D_GLIBCXX_USE_CXX11_ABI=1); else
  flags+=(-D_GLIBCXX_USE_CXX11_ABI=0)
fi
libraries=(-L "$lib" "-Wl,-rpath,$lib" -lc10 -ltorch -ltorch_cpu)
if [ -e "$lib/libtorch_cuda.so" ]; then
  cuda=${CUDA_HOME:-/usr/local/cuda}
  [ -f "$cuda/include/cuda_runtime_api.h" ] ||
    fail "$lib has CUDA, but $cuda/include/cuda_runtime_api.h is missing; set CUDA_HOME to the CUDA toolkit"
  flags+=(-DWITH_CUDA -I "$cuda/include")
  libraries+=(-Wl,--no-as-needed -ltorch_cuda -lc10_cuda -Wl,--as-needed)
fi

# --- The native half -------------------------------------------------------------------------------------------------
gotorch=${GOTORCH_DIR:-}
if [ -z "$gotorch" ]; then
  go mod download || fail "the Go modules could not be downloaded; see the message above"
  gotorch=$(go list -m -f '{{.Dir}}' github.com/wangkuiyi/gotorch)
fi
[ -f "$gotorch/cgotorch/torch.cc" ] || fail "$gotorch holds no cgotorch/torch.cc; set GOTORCH_DIR to gotorch's folder"

native=build/native
stamp=$( { echo "${flags[*]} ${libraries[*]}"; g++ --version | head -n 1; readlink -f "$lib/libtorch_cpu.so"
           stat -Lc '%s %Y' "$lib/libtorch_cpu.so"; cat "$gotorch"/cgotorch/*.{cc,h} aten/native/*.{cc,h}; } | sha256sum)
if [ -f $native/libcgotorch.so ] && [ "$(cat $native/stamp 2>/dev/null)" = "$stamp" ]; then exit 0; fi

echo "setup: compiling the native half against $lib"
mkdir -p $native
unit=$native/unit.cc
for source in "$gotorch"/cgotorch/*.cc "$PWD"/aten/native/*.cc; do echo "#include \"$source\""; done >$unit
g++ "${flags[@]}" -I "$gotorch" -I aten/native $unit -o $native/libcgotorch.so.new "${libraries[@]}" ||
  fail "compiling the native half failed; see the message above"
mv $native/libcgotorch.so.new $native/libcgotorch.so
# gotorch asks the linker for libtorch by name; these links let it find a libtorch that lies outside the default paths.
for name in libc10.so libtorch.so libtorch_cpu.so; do ln -sfn "$lib/$name" $native/$name; done
echo "$stamp" >$native/stamp
