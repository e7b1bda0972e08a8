#!/bin/sh
# What has become of a job of Grid Engine: `status.sh JOB` prints running, success or failed.
set -u

refuse() {
  echo "status.sh: $1" >&2
  exit 2
}
[ $# -eq 1 ] || refuse "$# arguments are not allowed; must be one, a job's number"
job=$1
case $job in
'' | *[!0-9]*) refuse "job '$job' is not allowed; must be a number, as qsub -terse prints it" ;;
esac
for program in qstat qacct qdel; do
  command -v $program >/dev/null || refuse "$program not found; must be in PATH"
done

# Ctrl-C in a terminal comes here too, and a script that it ends is an error of the plugin's own.
trap '' INT

# Made when the job is first found neither in the queue nor in the accounts.
gone=.snakemake/gridengine/$job.gone

answer() {
  [ "$1" = running ] || rm -f "$gone"
  echo "$1"
  exit 0
}

# A master that does not answer says nothing of the job; its own message goes to the terminal.
listed=$(qstat -u "$(id -un)") || answer running
state=$(echo "$listed" | awk -v job="$job" '$1 == job { print $5; exit }')
case $state in
'') ;;
*E*) # it would wait for its owner for ever
  qstat -j "$job" | sed -n "s/^error reason */status.sh: job $job cannot start: /p" >&2
  qdel "$job" >&2
  answer failed
  ;;
*)
  rm -f "$gone"
  answer running
  ;;
esac

# The last record counts: numbers start anew one day. 25 is a job that went back to the queue.
if told=$(qacct -j "$job" 2>&1); then
  end=$(echo "$told" | awk '$1 == "failed" { f = $2 } $1 == "exit_status" { e = $2 } END { print f, e }')
  case $end in
  '0 0') answer success ;;
  '25 '* | ' ') ;;
  *) answer failed ;;
  esac
fi

# A record takes a while: flush_time, by default 15 seconds, and a shared file system. A job that
# was deleted before it started never gets one.
if [ ! -e "$gone" ]; then
  mkdir -p "${gone%/*}"
  touch "$gone"
fi
[ -n "$(find "$gone" -mmin +2)" ] || answer running
case $told in
*"job id $job not found"* | *rescheduling*) answer failed ;;
esac
# The job may well have succeeded.
echo "status.sh: job $job has ended and qacct does not say how; must be able to read accounting:" \
  "$(echo "$told" | paste -sd ' ' -)" >&2
exit 1
