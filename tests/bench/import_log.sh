#!/usr/bin/env bash
# Measures ntt import-log against jq, which only reads and writes the lines, in one run.
#
# usage: tests/bench/import_log.sh NTT [LINES]     default 600000
set -euo pipefail

ntt=$(realpath "$1")
lines=${2:-600000}
work=$(mktemp -d "${NTT_BENCH_DIR:-/var/tmp}/ntt-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
log=$work/orchestrator.jsonl

# Ten lines a medium, as a run of the old orchestrator left them.
awk -v n="$lines" 'BEGIN {
  srand(1)
  for (i = 0; i < n; i += 10) {
    hash = ""
    for (k = 0; k < 4; k++) hash = hash sprintf("%08x", int(rand() * 4294967295))
    base = 1758870000 + i
    for (k = 0; k < 10; k++) ts[k] = strftime("%Y-%m-%dT%H:%M:%S", base + k, 1) "-07:00"
    m = "{\"medium_hash\":\"" hash "\","
    raw = "\"raw\":\"/data/fast/raw/" hash ".raw\","
    printf "%s\"mode\":\"image\",\"ts\":\"%s\",\"stage\":\"pipeline_start\"}\n", m, ts[0]
    printf "%s\"image_path\":\"/data/fast/img/%s.img\",\"ts\":\"%s\",\"stage\":\"mount_success\"}\n", m, hash, ts[1]
    printf "%s\"mount\":\"/mnt/ntt/%s\",%s\"ts\":\"%s\",\"stage\":\"enum_start\"}\n", m, hash, raw, ts[2]
    printf "%s%s\"ts\":\"%s\",\"stage\":\"enum_success\"}\n", m, raw, ts[3]
    printf "%s%s\"ts\":\"%s\",\"stage\":\"load_start\"}\n", m, raw, ts[4]
    printf "%s\"inode_count\":%d,\"ts\":\"%s\",\"stage\":\"load_success\"}\n", m, i, ts[5]
    printf "%s\"mode\":\"inline\",\"pending\":12,\"ts\":\"%s\",\"stage\":\"copy_start\"}\n", m, ts[6]
    printf "%s\"ts\":\"%s\",\"stage\":\"copy_success\"}\n", m, ts[7]
    printf "%s\"ts\":\"%s\",\"stage\":\"pipeline_done\"}\n", m, ts[8]
    printf "{\"exit\":0,\"ts\":\"%s\",\"stage\":\"done\"}\n", ts[9]
  }
}' >"$log"

# Seconds on the clock, of the processor, and peak memory in MB.
measure() {
  /usr/bin/time -o "$work/time" -f '%e %U %S %M' "$@" >/dev/null
  awk '{printf "%.2f %.2f %.0f\n", $1, $2 + $3, $4 / 1024}' "$work/time"
}
row() {
  read -r clock processor memory <<<"$2"
  awk -v what="$1" -v n="$lines" -v c="$clock" -v p="$processor" -v m="$memory" 'BEGIN {
    printf "%-34s %9d lines/s   %6.1f us of the processor a line   %4d MB\n", what, n / c, p * 1e6 / n, m }'
}

jq=$(measure jq -c . "$log")
row "jq -c ." "$jq"
export NTT_HOME=$work/home
first=$(measure "$ntt" --progress none import-log "$log")
row "ntt import-log" "$first"
again=$(measure "$ntt" --progress none import-log "$log")
row "ntt import-log, nothing new" "$again"
awk -v a="${jq%% *}" -v b="${first%% *}" 'BEGIN {printf "rate / jq -c . on the clock: %.2f\n", a / b}'
