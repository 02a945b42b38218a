#!/bin/bash
# Compares `ntt reconcile` with one `find` over the same store, alternating, on one machine.
#
# usage: tests/bench/reconcile.sh NTT STORE_MAKER [BLOBS [NAMES]]
#   BLOBS    in the store (default 1000000)
#   NAMES    files in the log that hold each blob (default 1); domain: about 31 paths a blob
#
# Prints the least of five runs of each, on the clock and of the processor, their ratios, and peak
# memory. The store is in the page cache after the first, unmeasured walk.
set -euo pipefail

ntt=$(realpath "$1")
maker=$(realpath "$2")
blobs=${3:-1000000}
names=${4:-1}
work=$(mktemp -d "${NTT_BENCH_DIR:-/var/tmp}/ntt-reconcile-XXXXXX")
export NTT_HOME=$work/home
trap 'rm -rf "$work"' EXIT

"$maker" "$NTT_HOME" "$blobs" "$names"
find "$NTT_HOME/by-hash" -printf '%s %p\n' >/dev/null

measure() { /usr/bin/time -a -o "$work/$1" -f '%e %U %S %M' "${@:2}" >/dev/null; }
for _ in 1 2 3 4 5; do
  measure find find "$NTT_HOME/by-hash" -printf '%s %p\n'
  measure ntt "$ntt" --progress none reconcile
done
least() { awk -v by="$2" '{v = by == "clock" ? $1 : $2 + $3} NR == 1 || v < m {m = v} END {printf "%.2f", m}' "$work/$1"; }
for by in clock processor; do
  find_seconds=$(least find $by)
  ntt_seconds=$(least ntt $by)
  awk -v by=$by -v f="$find_seconds" -v n="$ntt_seconds" 'BEGIN {
    printf "%-9s  find %6.2f s   ntt reconcile %6.2f s   ratio %.2f   goal <= 1.5\n", by, f, n, n / f}'
done
awk '$4 > m {m = $4} END {printf "peak memory %.0f MB   goal < 256\n", m / 1024}' "$work/ntt"
