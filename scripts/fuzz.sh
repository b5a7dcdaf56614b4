#!/usr/bin/env bash
# Fuzzes every target of the module one after another and stops at the first finding, whose input lies then in the package's
# testdata/fuzz: mend the cause and commit the input.
#
#   scripts/fuzz.sh [AMOUNT [TARGET...]]    AMOUNT is executions (1000000x, the default) or a time (60s) for each target; TARGET
#                                           is a name such as FuzzDecode, without any all
#   scripts/fuzz.sh --memcheck [MUTATIONS]  decodes the images of the tests, the corpus and so many mutations (20000) of them
#                                           under valgrind, which watches libjpeg-turbo too
#   scripts/fuzz.sh --asan [MUTATIONS]      the same under AddressSanitizer, which watches our own C on Go's slices
#
# One line for each target: executions, time, and the largest resident memory of one process, which may be LIMIT (1024) MiB.
# Inputs that reach new code are kept in build/fuzz and used again. PARALLEL (2) processes work side by side.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH=$PWD/.cache/go/bin:$PATH
fail() { echo "fuzz: $*" >&2; exit 1; }

work=$PWD/build/fuzz
mkdir -p "$work"
parallel=${PARALLEL:-2}
limit=${LIMIT:-1024}
# Studies sync their votes, which is fast in memory. Go builds where it always does, for what it builds is large.
export GOTMPDIR=${TMPDIR:-/tmp}
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm

case "${1:-}" in
  -h | --help) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' scripts/fuzz.sh; exit 0 ;;
  --memcheck)
    command -v valgrind >/dev/null || fail "valgrind is missing: apt-get install valgrind"
    CGO_CFLAGS="-g -O2 -DIMAGING_GUARDED" go test -tags valgrind -ldflags=-w -c -o "$work/imaging.memcheck" ./data/imaging
    cd data/imaging
    # valgrind cannot read Go's debug information. The tag makes Go tell it of its stacks, but for those of preemption by
    # signals. What is undefined is not looked at: Go and the vector code of libjpeg-turbo copy whole words.
    # It looks through all that Go ever allocated, so that many short runs take less time than a long one.
    left=${2:-20000}
    for ((seed = 1; left > 0; seed++, left -= 5000)); do
      GODEBUG=asyncpreemptoff=1 TRANSFERA_MUTATIONS=$((left < 5000 ? left : 5000)) TRANSFERA_SEED=$seed valgrind -q --leak-check=no \
        --undef-value-errors=no --redzone-size=512 --error-exitcode=3 "$work/imaging.memcheck" -test.run '^(FuzzDecode|TestMutatedImages)'
    done
    exit 0
    ;;
  --asan)
    TRANSFERA_MUTATIONS=${2:-20000} CGO_CFLAGS="-g -O1" exec go test -asan -count=1 -timeout 1h ./data/imaging -run '^(FuzzDecode|TestMutatedImages)'
    ;;
  --*) fail "unknown argument $1; see scripts/fuzz.sh --help" ;;
esac
amount=${1:-1000000x}
[[ $amount =~ ^[0-9]+(x|s|m|h)$ ]] || fail "$amount is no amount; write 1000000x or 60s"
shift $(($# > 0 ? 1 : 0))

# peak PROCESS: the largest resident memory in MiB of a process and its children so far.
peak() {
  local most=0 kib process
  for process in "$1" $(pgrep -P "$1" || true); do
    kib=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$process/status" 2>/dev/null || true)
    if [ "${kib:-0}" -gt "$most" ]; then most=$kib; fi
  done
  echo $((most / 1024))
}

fuzz() { # fuzz PACKAGE TARGET BINARY
  local folder=${1#transfera/} log=$work/$2.log start=$SECONDS most=0 now status=0 executions
  (unset GOTMPDIR && cd "$folder" && exec "$3" -test.run '^$' -test.fuzz "^$2\$" -test.fuzztime "$amount" -test.fuzzminimizetime 200x \
    -test.parallel "$parallel" -test.fuzzcachedir "$work/corpus/$folder") >"$log" 2>&1 &
  local process=$!
  while kill -0 $process 2>/dev/null; do
    now=$(peak $process)
    if [ "$now" -gt "$most" ]; then most=$now; fi
    sleep 1
  done
  wait $process || status=$?
  executions=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$log" | tail -1)
  printf '%-28s %-20s %9s executions  %5d s  %5d MiB\n' "$folder" "$2" "${executions:-no}" $((SECONDS - start)) "$most"
  if [ $status -ne 0 ]; then
    tail -40 "$log" >&2
    fail "$2 found something"
  fi
  [ "$most" -le "$limit" ] || fail "$2 took $most MiB; the limit is $limit"
}

[ $# -eq 0 ] || wanted=" $* "
found=0
for package in $(grep -rl --include='*_test.go' '^func Fuzz' . | grep -v '^./build/' | xargs -n1 dirname | sort -u); do
  targets=$(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true)
  binary=
  for target in $targets; do
    [ -z "${wanted:-}" ] || [[ $wanted == *" $target "* ]] || continue
    if [ -z "$binary" ]; then
      binary=$work/$(basename "$package").test
      go test -c -fuzz "^$target\$" -o "$binary" "$package"
    fi
    fuzz "transfera/${package#./}" "$target" "$binary"
    found=$((found + 1))
  done
done
[ $found -gt 0 ] || fail "there is no such target"
