#!/usr/bin/env bash
# Kills a run again and again, and checks that what it ends in is the same, bit for bit, as without any kill.
#
#   scripts/kill-resume.sh [KILLS=50] [SUITE FLAG...]
#
# The suite is run once in peace. Then it is started with a second cache and killed (kill -9) at a random moment, over and
# over; whenever it completes, cells.csv, gains.csv and every file of every stage are compared, the second cache is wiped
# and it begins anew. FLAGs go to transfera run. SEED=n chooses other moments. The exit code is 1 after any difference.
set -euo pipefail
cd "$(dirname "$0")/.."

kills=${1:-50}
shift || true
if [ $# -eq 0 ]; then # long enough that most kills meet a training, with many checkpoints
  set -- experiments/smoke --set training.steps=150 --set training.checkpoint_every=5 --set 'seeds=[0, 1]' \
    --set recognizers.resnet-s.train.epochs=12 --set recognizers.resnet-s.train.checkpoint_every=3
fi
RANDOM=${SEED:-1}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/transfera" ./cmd/transfera

run() { exec "$work/transfera" run "${suite[@]}" --device cpu --jobs 2 --cache "$work/$1/cache" --out "$work/$1/out"; }
suite=("$@")

# sums lists what must not differ: all but the records of stages and the manifest, which hold times.
sums() {
  (cd "$work/$1" && find out/cells.csv out/gains.csv cache/objects -type f ! -name stage.json -exec sha256sum {} + | sort -k 2)
}

# active prints the kinds of the stages that were at work when the log ended, from line $1 on.
active() {
  [ -f "$work/killed/out/run.log" ] || return 0 # killed before it did anything
  tail -n "+$1" "$work/killed/out/run.log" | awk '
    { event = $3; kind = $4; $1 = $2 = $3 = ""; name = $0 }
    event == "started" { kinds[name] = kind }
    event == "finished" { sub(/ in [^ ]*$/, "", name); delete kinds[name] }
    END { for (name in kinds) print kinds[name] }'
}

began=$(date +%s%N)
(run peace) >"$work/peace.log" 2>&1 || { cat "$work/peace.log"; exit 1; }
milliseconds=$((($(date +%s%N) - began) / 1000000))
sums peace >"$work/peace.sums"
echo "without a kill: $((milliseconds / 1000)).$((milliseconds % 1000 / 100)) s, $(grep -c safetensors "$work/peace.sums") tensor files"

declare -A hit
killed=0 completed=0 differences=0 checkpoints=0
compare() {
  completed=$((completed + 1))
  sums killed >"$work/killed.sums"
  if ! diff "$work/peace.sums" "$work/killed.sums"; then
    differences=$((differences + 1))
  fi
  rm -rf "$work/killed"
}
while :; do
  lines=0
  [ ! -f "$work/killed/out/run.log" ] || lines=$(wc -l <"$work/killed/out/run.log")
  (run killed) >"$work/killed.log" 2>&1 &
  process=$!
  if [ "$killed" -lt "$kills" ]; then
    moment=$((100 + RANDOM * milliseconds / 65536)) # not in a subshell, which would draw from a stream of its own
    sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
    kill -9 "$process" 2>/dev/null || true
  fi
  status=0
  wait "$process" 2>/dev/null || status=$?
  case $status in
  0)
    compare
    [ "$killed" -lt "$kills" ] || break
    ;;
  137)
    killed=$((killed + 1))
    kinds=$(active $((lines + 1)))
    for kind in ${kinds:-nothing}; do
      hit[$kind]=$((${hit[$kind]:-0} + 1))
    done
    if [ -n "$(find "$work/killed/cache/work" -name checkpoint.safetensors 2>/dev/null)" ]; then
      checkpoints=$((checkpoints + 1))
    fi
    ;;
  *)
    cat "$work/killed.log"
    exit 1
    ;;
  esac
done

echo "$killed kills; $checkpoints left a checkpoint to go on from. At work when killed (two stages side by side):"
for kind in "${!hit[@]}"; do
  printf '  %-12s %4d\n' "$kind" "${hit[$kind]}"
done | sort
echo "$completed runs completed, $differences of them with differences"
[ "$differences" -eq 0 ]
