#!/usr/bin/env bash
# Prepares this checkout: Debian packages, a Go that is new enough for go.mod, then the native half
# build/native/libcgotorch.so, compiled as one unit from gotorch's C++ sources (Go module cache) and aten/native.
# Does nothing when everything is up to date.
#
#   scripts/setup.sh                      the libtorch chosen last, at first Debian's libtorch-dev, installed if absent
#   scripts/setup.sh --libtorch DIR       an official libtorch folder (include/, lib/), with or without CUDA
#   scripts/setup.sh --python PYTHON      the torch package of that Python, with or without CUDA
#   scripts/setup.sh --debian             back to Debian's libtorch-dev
#   scripts/setup.sh --native-only        with any of these: the native half alone, on a machine with neither Go nor network
#
# TRANSFERA_LIBTORCH=DIR and TRANSFERA_PYTHON=PYTHON do the same. GOTORCH_DIR names the folder that holds cgotorch/ on a
# machine without Go; --native-only takes the one that scripts/gpu-check.sh --prepare left. Afterwards plain `go build ./...`, `go vet ./...` and `go test ./...` work.
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The Go that is fetched where the machine has none, or one older than go.mod asks for.
go_version=1.26.8

fail() { echo "setup: $*" >&2; exit 1; }
usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' scripts/setup.sh; }

libtorch=${TRANSFERA_LIBTORCH:-}
python=${TRANSFERA_PYTHON:-}
debian=
native_only=
while [ $# -gt 0 ]; do
  case "$1" in
    --libtorch) libtorch=${2:?--libtorch needs a folder}; python=; debian=; shift 2 ;;
    --python) python=${2:?--python needs an interpreter}; libtorch=; debian=; shift 2 ;;
    --debian) debian=yes; libtorch=; python=; shift ;;
    --native-only) native_only=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    *) echo "setup: unknown argument $1; see scripts/setup.sh --help" >&2; exit 2 ;;
  esac
done

if [ -n "$native_only" ] && [ -z "${GOTORCH_DIR:-}" ]; then
  GOTORCH_DIR=$PWD/build/gpu/gotorch
  [ -d "$GOTORCH_DIR" ] ||
    fail "--native-only needs gotorch's C++ files: run scripts/gpu-check.sh --prepare where Go is, or set GOTORCH_DIR"
fi

# Two setups at once would compile into the same files.
mkdir -p build
if command -v flock >/dev/null 2>&1; then
  exec 9>build/setup.lock
  flock -n 9 || { echo "setup: waiting for another setup of this checkout"; flock 9; }
fi

# --- Which libtorch was asked for ------------------------------------------------------------------------------------
# The choice is remembered, for make calls this script without arguments.
choice=build/libtorch
if [ -n "$python" ]; then
  libtorch=$(cd "$caller" && "$python" -c 'import os, torch; print(os.path.dirname(os.path.abspath(torch.__file__)))') ||
    fail "$python can't import torch; name another interpreter"
fi
[ -z "$debian" ] || rm -f $choice
if [ -z "$libtorch$debian" ] && [ -s $choice ]; then libtorch=$(cat $choice); fi
if [ -n "$libtorch" ]; then
  folder=$(cd "$caller" && cd "$libtorch" 2>/dev/null && pwd) ||
    fail "there is no folder $libtorch; name another with --libtorch, or go back to Debian's with --debian"
  for file in include/torch/csrc/api/include/torch/torch.h lib/libtorch_cpu.so; do
    [ -f "$folder/$file" ] || fail "$folder is no libtorch folder: $file is missing; --debian goes back to Debian's"
  done
  libtorch=$folder
fi

# --- Debian packages -------------------------------------------------------------------------------------------------
packages=()
need() { # need FILE-OR-COMMAND PACKAGE
  [ -e "$1" ] || command -v "$1" >/dev/null 2>&1 || packages+=("$2")
}
# The Go that an earlier run fetched comes first, as in the Makefile.
plain_path=${PATH//"$PWD/.cache/go/bin:"/}
PATH=$PWD/.cache/go/bin:$plain_path
need g++ g++
[ -n "${GOTORCH_DIR:-}" ] || need make make
if [ -z "${GOTORCH_DIR:-}" ]; then
  need /usr/include/turbojpeg.h libturbojpeg0-dev
  need git git
  [ -x /usr/local/go/bin/go ] || need go golang-go
  if [ -z "${SSL_CERT_FILE:-}" ] && command -v apt-get >/dev/null 2>&1; then
    need /etc/ssl/certs/ca-certificates.crt ca-certificates
  fi
fi
[ -n "$libtorch" ] || need /usr/include/torch/csrc/api/include/torch/torch.h libtorch-dev
# For training by several processes, without which everything else works: tried once.
wanted=()
if [ -z "$libtorch" ] && [ ! -e /usr/include/gloo/context.h ] && [ ! -e build/without-gloo ]; then wanted=(libgloo-dev); fi

if [ "$(id -u)" = 0 ]; then administrator=yes; sudo=()
elif sudo -n true 2>/dev/null; then administrator=yes; sudo=(sudo)
else administrator=; sudo=(); fi

go_wanted=$(awk '$1 == "go" {print $2; exit}' go.mod)
if [ ${#packages[@]} -gt 0 ]; then
  by_hand="install by hand: apt-get install ${packages[*]}"
  case " ${packages[*]} " in *" golang-go "*)
    by_hand+=$'\n'"       in place of golang-go, Go $go_wanted or newer from https://go.dev/dl does, once it is on the PATH" ;;
  esac
  case " ${packages[*]} " in *" libtorch-dev "*)
    by_hand+=$'\n'"       in place of libtorch-dev, another libtorch does: see scripts/setup.sh --help" ;;
  esac
  command -v apt-get >/dev/null 2>&1 ||
    fail "packages are missing, and there is no apt-get here; $by_hand"$'\n'"       (these are Debian's names)"
  [ -n "$administrator" ] || fail "packages are missing, and this user can't install them; as root, $by_hand"
  echo "setup: installing ${packages[*]} (may take minutes)"
  log=$(mktemp)
  { "${sudo[@]}" apt-get update -q && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -q -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1 9>&- ||
    { tail -n 15 "$log" >&2; rm -f "$log"; fail "apt-get failed; see above, or $by_hand"; }
  rm -f "$log"
fi

if [ ${#wanted[@]} -gt 0 ]; then
  echo "setup: installing ${wanted[*]}, for several processes"
  log=$(mktemp)
  { [ -n "$administrator" ] && command -v apt-get >/dev/null 2>&1 &&
    { [ ${#packages[@]} -gt 0 ] || "${sudo[@]}" apt-get update -q; } && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -q -y --no-install-recommends "${wanted[@]}"; } >"$log" 2>&1 9>&- ||
    { touch build/without-gloo
      echo "setup: that failed, so --nproc will not work here; for it: apt-get install ${wanted[*]}, then scripts/setup.sh again"; }
  rm -f "$log"
fi

# --- Go --------------------------------------------------------------------------------------------------------------
new_enough() { # new_enough GO; run here, so that a Go that fetches its own toolchain does so
  local version
  version=$("$1" env GOVERSION 2>/dev/null) || return 1
  [ "$(printf '%s\n' "$go_wanted" "${version#go}" | sort -V | head -n 1)" = "$go_wanted" ]
}

# fetch_go leaves Go $go_version in .cache/go.new, fetched with an older Go from wherever that one gets its modules.
fetch_go() {
  local empty module toolchain status=0
  echo "setup: fetching Go $go_version ($("$1" version | awk '{print $3}') is here, go.mod asks for $go_wanted)"
  empty=$(mktemp -d)
  module=golang.org/toolchain@v0.0.1-go$go_version.$("$1" env GOHOSTOS)-$("$1" env GOHOSTARCH)
  rm -rf .cache/go.new .cache/modules
  # An old Go can't read this go.mod, so it must run outside.
  (cd "$empty" && GOTOOLCHAIN=local GOWORK=off GOFLAGS=-modcacherw GOMODCACHE="$OLDPWD/.cache/modules" \
    "$1" mod download "$module") || status=1
  rmdir "$empty"
  [ $status = 0 ] ||
    fail "Go $go_version could not be fetched; put Go $go_wanted or newer on the PATH (https://go.dev/dl) and run this again"
  # Module archives drop the permission to execute and can't hold a go.mod in a subfolder.
  toolchain=.cache/modules/$module
  chmod +x "$toolchain"/bin/* "$toolchain"/pkg/tool/*/*
  find "$toolchain" -name _go.mod -execdir mv {} go.mod \;
  mv "$toolchain" .cache/go.new
  rm -rf .cache/modules
}

# install_go puts .cache/go.new where everyone finds it, as far as this user may and nothing else is in the way.
install_go() {
  local name
  if [ -z "$administrator" ] || [ -e /usr/local/go ]; then
    mv .cache/go.new .cache/go
    return
  fi
  "${sudo[@]}" cp -R .cache/go.new /usr/local/go
  rm -rf .cache/go.new
  ln -s /usr/local/go .cache/go
  for name in go gofmt; do
    [ -e /usr/local/bin/$name ] || "${sudo[@]}" ln -sf /usr/local/go/bin/$name /usr/local/bin/$name
  done
}

if [ -z "${GOTORCH_DIR:-}" ]; then
  hash -r
  if ! new_enough "$(type -P go)"; then
    found=
    old=
    while read -r go; do
      if new_enough "$go"; then found=$go; break; fi
      case "$go" in */.cache/go/bin/go) ;; *) old=${old:-$go} ;; esac
    done < <(type -ap go; ls /usr/local/go/bin/go 2>/dev/null)
    mkdir -p .cache
    [ -n "$found" ] || fetch_go "${old:-$(type -P go)}"
    rm -rf .cache/go
    if [ -n "$found" ]; then ln -s "$(dirname "$(dirname "$(readlink -f "$found")")")" .cache/go; else install_go; fi
    hash -r
    new_enough "$(type -P go)" || fail "the Go in .cache/go does not run; remove .cache/go and run this again"
    if ! new_enough "$(PATH=$plain_path type -P go)"; then
      echo "setup: for go commands of your own: export PATH=\"$PWD/.cache/go/bin:\$PATH\""
    fi
  fi
fi

# --- How to compile against that libtorch ----------------------------------------------------------------------------
if [ -n "$libtorch" ]; then
  include=$libtorch/include
  lib=$libtorch/lib
else
  include=/usr/include
  lib=$(dirname "$(realpath -s "$(g++ -print-file-name=libtorch_cpu.so)")")
  [ -e "$lib/libtorch_cpu.so" ] || fail "libtorch_cpu.so of libtorch-dev was not found; reinstall libtorch-dev"
fi

flags=(-std=c++17 -O2 -fPIC -shared -w -I "$include/torch/csrc/api/include")
[ "$include" = /usr/include ] || flags+=(-I "$include")
# An official libtorch may have been built with the old string ABI; its own symbols tell.
if grep -q 'NSt7__cxx1112basic_string' "$lib/libc10.so"; then flags+=(-D_GLIBCXX_USE_CXX11_ABI=1); else
  flags+=(-D_GLIBCXX_USE_CXX11_ABI=0)
fi
libraries=(-L "$lib" "-Wl,-rpath,$lib" -lc10 -ltorch -ltorch_cpu)
# Several processes talk by Gloo or NCCL, where this libtorch has them and their headers are there.
nccl=()
has() { [ -e "$1" ] && grep -q "$2" "$1"; }
if has "$lib/libtorch_cpu.so" N4c10d16ProcessGroupGlooE && [ -e "$include/gloo/context.h" ]; then flags+=(-DUSE_C10D_GLOO); fi
if [ -e "$lib/libtorch_cuda.so" ]; then
  # A pip-installed torch brings the toolkit's headers in packages beside it.
  cuda=
  for folder in "${CUDA_HOME:-/usr/local/cuda}" "$libtorch"/../nvidia/cuda_runtime "$libtorch"/../nvidia/cu[0-9]*; do
    if [ -f "$folder/include/cuda_runtime_api.h" ]; then cuda=$folder; break; fi
  done
  [ -n "$cuda" ] || fail "$lib has CUDA, but cuda_runtime_api.h was not found; set CUDA_HOME to the CUDA toolkit"
  flags+=(-DWITH_CUDA -I "$cuda/include")
  if has "$lib/libtorch_cuda.so" N4c10d16ProcessGroupNCCLE; then
    for folder in "$cuda" "$libtorch"/../nvidia/nccl /usr; do
      if [ -f "$folder/include/nccl.h" ]; then nccl=(-DUSE_C10D_NCCL); fi
    done
    if [ ${#nccl[@]} -gt 0 ]; then # libtorch's header of it wants those of the toolkit's libraries
      for folder in "$libtorch"/../nvidia/*/include; do [ ! -d "$folder" ] || nccl+=(-I "$folder"); done
    fi
  fi
  libraries+=("-Wl,--no-as-needed" -ltorch_cuda -lc10_cuda "-Wl,--as-needed")
fi

# Captured steps need more of CUDA's headers than all the rest.
if [ -n "${cuda:-}" ]; then
  if g++ "${flags[@]}" -fsyntax-only -DTRANSFERA_CUDA_GRAPHS aten/native/cuda_graph.cc 2>/dev/null; then
    flags+=(-DTRANSFERA_CUDA_GRAPHS)
  else
    echo "setup: aten/native/cuda_graph.cc does not compile against this libtorch: building without CUDA graphs"
  fi
fi

# --- The native half -------------------------------------------------------------------------------------------------
gotorch=${GOTORCH_DIR:-}
if [ -z "$gotorch" ]; then
  gotorch=$(go list -m -f '{{.Dir}}' github.com/wangkuiyi/gotorch) || fail "go.mod can't be read; see the message above"
  if [ -z "$gotorch" ]; then
    echo "setup: downloading the Go modules"
    go mod download || fail "the Go modules could not be downloaded; see the message above"
    gotorch=$(go list -m -f '{{.Dir}}' github.com/wangkuiyi/gotorch)
  fi
else
  gotorch=$(cd "$caller" && cd "$gotorch" && pwd) || fail "GOTORCH_DIR is no folder: $GOTORCH_DIR"
fi
[ -f "$gotorch/cgotorch/torch.cc" ] || fail "$gotorch holds no cgotorch/torch.cc; set GOTORCH_DIR to gotorch's folder"

native=build/native
stamp=$( { echo "${flags[*]} ${nccl[*]} ${libraries[*]}"; g++ --version | head -n 1; readlink -f "$lib/libtorch_cpu.so"
           stat -Lc '%s %Y' "$lib/libtorch_cpu.so"; cat "$gotorch"/cgotorch/*.{cc,h} aten/native/*.{cc,h} scripts/setup.sh; } | sha256sum)
if [ ! -f $native/libcgotorch.so ] || [ "$(cat $native/stamp 2>/dev/null)" != "$stamp" ]; then
  echo "setup: compiling the native half against $lib (about a minute)"
  mkdir -p $native
  unit=$native/unit.cc
  { # Ours replaces this one of gotorch's functions; see aten/native/service.cc.
    echo '#define SetNumThreads replaced_SetNumThreads'
    for source in "$gotorch"/cgotorch/*.cc; do echo "#include \"$source\""; done
    echo '#undef SetNumThreads'
    for source in "$PWD"/aten/native/*.cc; do echo "#include \"$source\""; done
  } >$unit
  # Without a stamp, an interrupted run starts over; without the old library, a failed one is not mistaken for success.
  rm -f $native/stamp
  compile() { g++ "${flags[@]}" "$@" -I "$gotorch" -I aten/native $unit -o $native/libcgotorch.so.new "${libraries[@]}"; }
  { [ ${#nccl[@]} -gt 0 ] && compile "${nccl[@]}"; } ||
    { [ ${#nccl[@]} = 0 ] || echo "setup: that needs more headers of CUDA; compiling without NCCL, and so without --nproc on GPUs"
      compile; } ||
    { rm -f $native/libcgotorch.so $native/libcgotorch.so.new; fail "compiling the native half failed; see the message above"; }
  mv $native/libcgotorch.so.new $native/libcgotorch.so
  # gotorch asks the linker for libtorch by name; these links let it find a libtorch that lies outside the default paths.
  for name in libc10.so libtorch.so libtorch_cpu.so; do ln -sfn "$lib/$name" $native/$name; done
  # Go does not know that its cached test results depend on this library.
  [ -n "${GOTORCH_DIR:-}" ] || go clean -testcache
  echo "$stamp" >$native/stamp
fi
[ -z "$libtorch" ] || echo "$libtorch" >$choice

if [ -e .git ] && [ -z "${GOTORCH_DIR:-}" ] && ! git rev-parse HEAD >/dev/null 2>&1; then
  echo "setup: git refuses this clone, as when another user owns it; make copes, go build of your own needs"
  echo "       -buildvcs=false or: git config --global --add safe.directory \"$PWD\""
fi
