#!/usr/bin/env bash
# Sets up Debian's Slurm on this one machine, as a test bed: munged, slurmctld and slurmd, without systemd and cgroups.
#
#   scripts/slurm-one-node.sh         install what is missing, start what does not run, and wait for the node
#   scripts/slurm-one-node.sh stop    end the daemons; queued jobs are forgotten
#
# It needs root, and replaces /etc/slurm/slurm.conf. CPUS=n gives the node so many CPUs (default all, at least 2).
set -euo pipefail

die() { echo "slurm-one-node: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || die "run this as root; it installs packages and starts daemons"

state=/var/lib/slurm-one-node
marker="# transfera's one-node test bed"

# runs DAEMON: whether the one that this script started is alive.
runs() {
  local pid
  pid=$(cat "$state/$1.pid" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ]
}

# end DAEMON: terminates it, if it runs, and waits until it has gone.
end() {
  runs "$1" || return 0
  kill "$(cat "$state/$1.pid")" 2>/dev/null || true
  for _ in $(seq 100); do
    runs "$1" || return 0
    sleep 0.1
  done
}

if [ "${1:-}" = stop ]; then
  [ ! -f /etc/slurm/slurm.conf ] || grep -q "^$marker" /etc/slurm/slurm.conf || die "/etc/slurm/slurm.conf is another cluster's; its daemons go on"
  scancel --me --quiet 2>/dev/null || true # so that no job outlives its daemon
  end slurmctld
  end slurmd
  end munged
  rm -rf "$state"
  echo "Slurm has stopped"
  exit 0
fi
[ $# -eq 0 ] || die "unknown argument $1; give stop, or nothing"

for program in slurmctld slurmd munged; do
  if ! command -v "$program" >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
    break
  fi
done

if [ -f /etc/slurm/slurm.conf ] && ! grep -q "^$marker" /etc/slurm/slurm.conf; then
  die "/etc/slurm/slurm.conf is another cluster's; move it away first"
fi
host=$(hostname -s)
cpus=${CPUS:-$(nproc)}
[ "$cpus" -ge 2 ] || cpus=2
memory=$(awk '/^MemTotal/ { print int($2 / 1024 * 0.9) }' /proc/meminfo)
mkdir -p /etc/slurm "$state/ctld" "$state/d"
cat >/etc/slurm/slurm.conf <<CONF
$marker
ClusterName=one-node
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=$state/ctld
SlurmdSpoolDir=$state/d
SlurmctldPidFile=$state/slurmctld.pid
SlurmdPidFile=$state/slurmd.pid
SlurmctldLogFile=$state/slurmctld.log
SlurmdLogFile=$state/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=1024
SchedulerParameters=sched_interval=5,batch_sched_delay=1,defer_batch
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF

if ! runs munged && ! munge --no-input >/dev/null 2>&1; then # another one will do
  if [ ! -f /etc/munge/munge.key ]; then
    (umask 077 && dd if=/dev/urandom of=/etc/munge/munge.key bs=1024 count=1 status=none)
    chown munge:munge /etc/munge/munge.key
  fi
  mkdir -p /run/munge /var/log/munge /var/lib/munge
  chown munge:munge /run/munge /var/log/munge /var/lib/munge
  chmod 755 /run/munge
  chmod 700 /var/log/munge
  runuser -u munge -- /usr/sbin/munged || die "munged does not start; see /var/log/munge/munged.log"
  cp /run/munge/munged.pid "$state/munged.pid"
fi
if runs slurmctld; then
  scontrol reconfigure || true
else
  slurmctld
fi
runs slurmd || slurmd

for _ in $(seq 60); do
  if sinfo --noheader --format=%T 2>/dev/null | grep -Eqx 'idle|mixed|allocated'; then
    echo "Slurm is up: node $host with $cpus CPUs; scripts/slurm-one-node.sh stop ends it"
    exit 0
  fi
  sleep 0.5
done
sinfo --Node --long || true
tail -n 20 "$state/slurmctld.log" "$state/slurmd.log" || true
die "the node does not come up; the logs above say why"
