#!/usr/bin/env bash
# Checks transfera on a GPU and prints one table, in less than ten minutes: the native half built against this machine's
# PyTorch, the tests on the GPU, a suite compared with the CPU's, bf16 compared with float32, the loader, and steps beside
# PyTorch's. The machine needs g++ and a Python with a CUDA build of torch, and neither Go nor network.
#
#   scripts/gpu-check.sh --prepare          where Go is: builds what the GPU machine lacks into build/gpu.tgz, to bring along
#   scripts/gpu-check.sh                    on the GPU machine
#   scripts/gpu-check.sh --device cpu       the same on the CPU, with the native half as it is: shows that the script works
#
# --quick does the least of everything, --python PYTHON names the interpreter with torch, --seconds N the time for all of it.
# The table, a log and the measured ratios go to $OUT, or results/out/gpu. A part that fails or lasts too long does not stop
# the others; the exit code then is 1.
# shellcheck disable=SC2317 # parts are called by name
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { echo "gpu-check: $*" >&2; exit 2; }

device=cuda
quick=
python=python3
seconds=570
prepare=
while [ $# -gt 0 ]; do
  case "$1" in
    --prepare) prepare=yes; shift ;;
    --quick) quick=yes; shift ;;
    --device) device=${2:?--device needs cpu, cuda or cuda:N}; shift 2 ;;
    --python) python=${2:?--python needs an interpreter}; shift 2 ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
    -h | --help) sed -n '2,/^# shellcheck/{/^# shellcheck/d;/^#/s/^# \{0,1\}//p}' scripts/gpu-check.sh; exit 0 ;;
    *) fail "unknown argument $1; see scripts/gpu-check.sh --help" ;;
  esac
done

carried=build/gpu
# The packages whose tests take a device from TRANSFERA_TEST_DEVICE, and those tests.
packages=(aten metrics models/processing runner/training)
tests='Adam|ChannelsLast|Autocast|Feed|ReadBack|DeviceMemory|Capture|SSIM|Quality|NetworksEqualPyTorch|SpeedSettings'

prepare() {
  local package gotorch
  rm -rf $carried
  mkdir -p $carried/gotorch
  go build -ldflags='-s -w' -o "$carried/transfera" ./cmd/transfera
  go build -ldflags='-s -w' -o "$carried/bench" ./scripts/bench
  for package in "${packages[@]}"; do
    go test -c -ldflags='-s -w' -o "$carried/${package//\//-}.test" "./$package"
  done
  gotorch=$(go list -m -f '{{.Dir}}' github.com/wangkuiyi/gotorch)
  cp -R "$gotorch/cgotorch" $carried/gotorch/
  chmod -R u+w $carried
  tar -czf build/gpu.tgz -C build gpu
  echo "gpu-check: bring along build/gpu.tgz ($(du -h build/gpu.tgz | cut -f 1))"
}

if [ -n "$prepare" ]; then prepare; exit; fi
if [ ! -x "$carried/transfera" ]; then
  [ -f build/gpu.tgz ] || fail "build/gpu.tgz is missing; run scripts/gpu-check.sh --prepare where Go is, and bring it along"
  tar -xzf build/gpu.tgz -C build
fi
out=${OUT:-results/out/gpu}
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LD_LIBRARY_PATH=$PWD/build/native${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
log=$out/gpu-check.log
table=$out/gpu-check.txt
: >"$log"
{ echo "device $device, $(date -u +%FT%TZ)"; nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null || true
  printf '%-10s %-8s %5s  %s\n' part result s words; } >"$table"
started=$SECONDS
bad=0

# part NAME LIMIT COMMAND... runs a part. What it writes to $work/words is its line in the table.
part() {
  local name=$1 limit=$2 left=$((seconds - SECONDS + started)) from=$SECONDS status=0 result
  shift 2
  : >"$work/words"
  if [ $left -lt 5 ]; then
    status=124
  else
    # The limits of parts are for a rented GPU. A CPU takes the time that it takes.
    if [ "$device" = cpu ] || [ "$limit" -gt $left ]; then limit=$left; fi
    echo "== $name" >>"$log"
    # A shell of its own, so that the limit holds for functions.
    timeout --kill-after=5 "$limit" bash -c 'set -euo pipefail; "$@"' part "$@" >>"$log" 2>&1 || status=$?
  fi
  case $status in
    0) result=ok ;;
    124 | 137) result=too-slow; bad=1 ;;
    *) result=FAILED; bad=1; [ -s "$work/words" ] || tail -n 1 "$log" | cut -c 1-150 >"$work/words" ;;
  esac
  printf '%-10s %-8s %5d  %s\n' "$name" $result $((SECONDS - from)) "$(head -n 1 "$work/words")" >>"$table"
  sed 1d "$work/words" | sed 's/^/                            /' >>"$table"
}

native() {
  scripts/setup.sh --native-only --python "$python" | tee "$work/native.log"
  "$python" -c 'import torch; print("torch", torch.__version__, end="")' >"$work/words"
  if grep -q 'without CUDA graphs' "$work/native.log"; then echo ', without CUDA graphs'; fi >>"$work/words"
  "$carried/transfera" --help >/dev/null # it finds its libraries
}

unit() {
  local package status=0 passed
  for package in "${packages[@]}"; do
    (cd "$package" && TRANSFERA_TEST_DEVICE=$device "$OLDPWD/$carried/${package//\//-}.test" -test.v -test.run "$tests") \
      >"$work/unit.log" 2>&1 || status=1
    cat "$work/unit.log"
    passed=$(grep -c '^ *--- PASS' "$work/unit.log" || true)
    # A package without one passed test has no test for a GPU any more.
    [ "$passed" -gt 0 ] || status=1
    echo "$package: $passed passed, $(grep -c '^ *--- FAIL' "$work/unit.log" || true) failed," \
      "$(grep -c '^ *--- SKIP' "$work/unit.log" || true) skipped"
    { printf '%s %s; ' "$package" "$passed"; } >>"$work/words"
    grep '^ *--- FAIL' "$work/unit.log" | head -n 3 >>"$work/failures" || true
  done
  [ ! -s "$work/failures" ] || { echo; cat "$work/failures"; } >>"$work/words"
  return "$status"
}

# suite NAME DEVICE FLAG... runs the smoke suite.
suite() {
  local name=$1 where=$2
  shift 2
  "$carried/transfera" run experiments/smoke --device "$where" --jobs 1 --cache "$work/$name.cache" --out "$work/$name" "$@"
}

smoke() {
  suite smoke-device "$device" # first, for where there is no such device it fails at once
  suite smoke-cpu cpu
  # The recognizer is trained on either, so accuracies on 100 images may differ by some.
  python3 scripts/bench/cells.py same "$work/smoke-cpu/cells.csv" "$work/smoke-device/cells.csv" >"$work/words"
}

accuracy() {
  local length=(--set training.steps=400 --set 'seeds=[0, 1, 2, 3]' --set recognizers.resnet-s.train.epochs=8
    --set datasets.shapes.options.train=2000 --set datasets.shapes.options.val=500)
  [ -z "$quick" ] || length=(--set 'seeds=[0, 1]')
  suite float32 "$device" "${length[@]}"
  suite bf16 "$device" "${length[@]}" --set training.precision=bf16 --set training.channels_last=true
  python3 scripts/bench/cells.py noise "$work/float32/cells.csv" "$work/bf16/cells.csv" >"$work/words"
}

loader() {
  "$carried/bench" --alone --works loader-sr,loader-jpeg --rounds "$rounds" --turn "$turn" --out "$out/loader.csv"
  awk -F, 'NR > 1 {printf "%s %.0f images/s of one core; ", $1, $2} END {print ""}' "$out/loader.csv" >"$work/words"
}

size=224
batches=20,64,128,256
rounds=3
turn=0.5
[ -z "$quick" ] || { size=32; batches=1,2; rounds=1; turn=0.1; }

# sweep finds the batch with which a step in the best mode trains on most images per second.
sweep() {
  "$carried/bench" --alone --device "$device" --works ra-step --modes bf16 --size "$size" --batch "$batches" --rounds "$rounds" --turn "$turn" \
    --out "$out/sweep.csv"
  awk -F, 'NR > 1 {if ($2 > best) {best = $2; name = $1}} END {split(name, w, " "); print w[3]}' "$out/sweep.csv" >"$work/best"
  awk -F, 'NR > 1 {printf "%s: %.0f images/s%s; ", $1, $2, $4 ? ", " $4 " MiB" : ""} END {print ""}' "$out/sweep.csv" >"$work/words"
}

# beside MODE measures steps beside PyTorch's.
beside() {
  local best
  best=$(cat "$work/best" 2>/dev/null || echo 20)
  "$carried/bench" --python "$python" --device "$device" --works ra-step --modes "$1" --size "$size" --batch "$best" \
    --rounds "$rounds" --turn "$turn" --out "$out/bench-$1.csv"
  awk -F, -v batch="$best" 'NR > 1 {printf "%s batch %s, %d px: %.2f of the time of %s, %.2f of its memory\n", $1, batch, size, $3, $2, $5}' \
    size="$size" "$out/bench-$1.csv" >"$work/words"
}

export -f native unit suite smoke accuracy loader sweep beside
export work out device quick python carried tests size batches rounds turn
# Arrays do not reach other shells.
packages_text="${packages[*]}"
export packages_text
unit_in_shell() { read -r -a packages <<<"$packages_text"; unit; }
export -f unit_in_shell

[ "$device" = cpu ] || part native 300 native
part tests 120 unit_in_shell
part smoke 90 smoke
part accuracy 120 accuracy
part loader 40 loader
part sweep 90 sweep
if "$python" -c 'import torch, torchvision' >/dev/null 2>&1; then
  modes=(float32 eager tf32 bf16 compile)
  [ "$device" != cpu ] || modes=(float32 bf16) # old versions of torch compile nothing, and a CPU has no TF32
  for mode in "${modes[@]}"; do part "$mode" 150 beside "$mode"; done
else
  printf '%-10s %-8s %5d  %s\n' bench left-out 0 "$python has no torch and torchvision" >>"$table"
fi
echo "in all $((SECONDS - started)) s" >>"$table"
cat "$table"
exit $bad
