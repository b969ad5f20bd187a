#!/usr/bin/env bash
# The same ladder by hand, as a capable operator writes it: ssh with a kept connection, and socat.
#
#     by_hand.sh SSH_CONFIG ADMIN_SOCKET BACKEND GROUP HOST=URL,URL...
#
# With BALANCER=NAME in the environment HAProxy is on that machine, and is reached by ssh.
#
# Prints "HOST WORD" after each step.  It looks as often as rollout does, and as closely; it has no
# preflight, no floor, no second load balancer, and leaves a host as it is when something is wrong.
set -euo pipefail
config=$1 socket=$2 backend=$3 group=$4
shift 4
kept=$(mktemp -d)
trap 'for host in "${!urls[@]}" ${BALANCER-}; do on -O exit 2>/dev/null || true; done; rm -rf "$kept"' EXIT
declare -A urls

DRAIN_TIMEOUT=2 MAINT_TIMEOUT=10 RUNNING_TIMEOUT=30 STABLE=1

on() { # [-O exit] or [-- COMMAND], on $host
  local command=
  [ "${1-}" = -- ] && { command=$2; set --; }
  kept_ssh "$@" "$host" ${command:+"$command"} </dev/null
}
kept_ssh() {
  ssh -F "$config" -o BatchMode=yes -o ControlMaster=auto -o ControlPersist=60 \
    -o ControlPath="$kept/%h-%p" "$@"
}
lb() {
  if [ -z "${BALANCER-}" ]; then
    printf '%s\n' "$1" | socat -t 5 - "UNIX-CONNECT:$socket"
  else
    printf '%s\n' "$1" | kept_ssh "$BALANCER" "socat -t 5 - UNIX-CONNECT:$socket"
  fi
}
say() { printf '%s %s\n' "$host" "$1"; }
die() { printf '%s: %s\n' "$host" "$1" >&2; exit 1; }
state() { [ -z "$(lb "set server $backend/$host state $1" | tr -d '\n')" ] || die "not $1"; }

figures() {
  lb "show stat $backend 4 -1" | awk -F, -v server="$host" '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
    $at["svname"] == server { print $at["scur"] + $at["qcur"], $at["stot"], $at["status"] }'
}

until_quiet() {
  local end=$((SECONDS + $1)) before='' open total rest
  while :; do
    read -r open total rest < <(figures)
    [ "$open" = 0 ] && [ "$total" = "$before" ] && return 0
    before=; [ "$open" = 0 ] && before=$total
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}

until_status() {
  local end=$((SECONDS + 60)) open total status
  while read -r open total status < <(figures); [ "$status" != "$1" ]; do
    [ "$SECONDS" -lt "$end" ] || die "is $status, not $1"
    sleep 0.1
  done
}

# "NAME PID" of every instance that is running, watched and not about to change.
running() {
  on -- "monit -B -g $group status" 2>/dev/null | awk '
    /^Process/ { name = $2 }
    /^  status / { fine = ($0 ~ /^  status +OK$/) }
    /^  monitoring status / { fine = fine && $NF == "Monitored" }
    /^  pid / && fine { print name, $2 }'
}

all_new() { # BEFORE NOW: as many as before, and none of them the same
  [ "$(wc -l <<<"$1")" = "$(wc -l <<<"$2")" ] && [ -z "$(comm -12 <(sort <<<"$1") <(sort <<<"$2"))" ]
}

probe() {
  local url words=
  for url in ${urls[$host]//,/ }; do
    words+="curl -fsS -o /dev/null -m 2 $url && curl -fsS -o /dev/null -m 2 $url && "
  done
  on -- "$words true" 2>/dev/null
}

until_proven() {
  local before=$1 end=$((SECONDS + RUNNING_TIMEOUT)) told=
  while :; do
    now=$(running)
    if all_new "$before" "$now"; then
      [ "$told" ] || { told=1; say reborn; }
      if probe; then
        [ "$(running)" = "$now" ] || die "a crash loop"
        return
      fi
    fi
    [ "$SECONDS" -lt "$end" ] || die "not running: $now"
    sleep 0.25
  done
}

for pair in "$@"; do
  host=${pair%%=*}
  urls[$host]=${pair#*=}
  [ "$(figures | cut -d' ' -f3)" = UP ] || die "is not up"
  say claimed
  state drain
  until_quiet $DRAIN_TIMEOUT || true
  say drained
  state maint
  until_quiet $MAINT_TIMEOUT || die "busy"
  say empty
  before=$(running)
  on -- "monit -B -g $group restart" >/dev/null
  say asked
  until_proven "$before"
  say proven
  state drain
  until_status DRAIN
  [ "$(running)" = "$now" ] || die "a crash loop"
  state ready
  until_status UP
  say returned
  sleep $STABLE
  until_status UP
  [ "$(running)" = "$now" ] || die "a crash loop"
  say 'done'
done
