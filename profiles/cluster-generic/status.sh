#!/bin/sh
# What has become of a job of Grid Engine: `status.sh JOB` prints running, success or failed.
set -u
[ $# -eq 1 ] || { echo "status.sh: $# arguments are not allowed; must be one, a job's number" >&2; exit 2; }
job=$1
case $job in
'' | *[!0-9]*)
  echo "status.sh: job '$job' is not allowed; must be a number, which qsub -terse prints" >&2
  exit 2
  ;;
esac
for program in qstat qacct; do
  command -v $program >/dev/null || { echo "status.sh: $program not found; must be in PATH" >&2; exit 2; }
done

# A Ctrl-C is for Snakemake, which then cancels the jobs: it must not take this answer for one.
trap '' INT

# When a job was first found to be neither in the queue nor in the accounts.
gone=.snakemake/gridengine/$job.gone

ends() {
  rm -f "$gone"
  echo "$1"
  exit 0
}

# A master that does not answer says nothing of the job: its own message goes to the terminal.
listed=$(qstat -u "$(id -un)") || { echo running; exit 0; }
state=$(echo "$listed" | awk -v job="$job" '$1 == job { print $5; exit }')
case $state in
'') ;;
*E*) # it would wait for its owner to act, for ever
  qstat -j "$job" | sed -n "s/^error reason */status.sh: job $job could not start: /p" >&2
  qdel "$job" >&2
  ends failed
  ;;
*)
  rm -f "$gone"
  echo running
  exit 0
  ;;
esac

# Its last record counts: numbers start anew one day. 25 is a job that goes back to the queue.
if told=$(qacct -j "$job" 2>&1); then
  ended=$(echo "$told" | awk '$1 == "failed" { f = $2 } $1 == "exit_status" { e = $2 } END { print f, e }')
  case $ended in
  '0 0') ends success ;;
  ' ' | '25 '*) ;;
  *) ends failed ;;
  esac
fi

# A record takes a while (flush_time, by default 15 seconds; a shared file system). One that was
# deleted before it started never gets one.
if [ ! -e "$gone" ]; then
  mkdir -p "${gone%/*}"
  touch "$gone"
fi
if [ -z "$(find "$gone" -mmin +2)" ]; then
  echo running
  exit 0
fi
case $told in
*"job id $job not found"* | *rescheduling*) ends failed ;;
*) # jobs may well have succeeded, so that they must not be taken for failed
  echo "status.sh: qacct does not tell how job $job ended; must be able to read accounting: $told" >&2
  exit 1
  ;;
esac
