#!/usr/bin/env bash
# Measures ntt against its peers in one run on one machine and prints ratios.
#
# usage: tests/bench/peers.sh NTT [FILES [ENTRIES]]
#   NTT      the ntt binary (build/release/ntt)
#   FILES    files in the tree that is enumerated, loaded and copied (default 100000)
#   ENTRIES  entries of the medium on which peak memory is measured (default 1000000)
#
# Needs find, fls and tsk_loaddb (sleuthkit), restic, mkfs.ext4, GNU time. Nothing is deleted before
# the end: ext4 is slow to give inodes in places where others were deleted less than a minute ago.
set -euo pipefail

ntt=$(realpath "$1")
files=${2:-100000}
entries=${3:-1000000}
work=$(mktemp -d "${NTT_BENCH_DIR:-/var/tmp}/ntt-bench-XXXXXX")
export NTT_HOME=$work/home RESTIC_PASSWORD=bench XDG_CACHE_HOME=$work/cache
trap '"$ntt" db stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT

# Seconds that a command takes; its output goes nowhere.
seconds() {
  /usr/bin/time -o "$work/time" -f '%e %M' "$@" >/dev/null 2>"$work/stderr" ||
    { echo "failed: $*" >&2; tail -5 "$work/stderr" >&2; exit 1; }
  cut -d' ' -f1 "$work/time"
}
peak_megabytes() { awk '{printf "%.0f", $2 / 1024}' "$work/time"; }
# The best of three, for what can be repeated; what was written before is on the disk by then.
best() { for _ in 1 2 3; do sync; seconds "$@"; done | sort -n | head -1; }
least() { sort -n | head -1; }
row() { printf '%-46s %12s   goal %s\n' "$1" "$2" "$3"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", a / (b > 0 ? b : 0.001)}'; }

# Small files, a third of them duplicates, in directories of 100; every name and content from a counter.
make_tree() {
  mkdir -p "$1"
  awk -v root="$1" -v n="$2" -v content="$3" 'BEGIN {
    for (i = 0; i < n; i++) {
      dir = sprintf("%s/d%03d/e%03d", root, i / 10000, (i / 100) % 100)
      if (i % 100 == 0) system("mkdir -p " dir)
      file = sprintf("%s/file-%07d.txt", dir, i)
      seed = i % 3 == 0 ? int(i / 30) : i
      if (content) for (k = 0; k < 1 + seed % 60; k++) printf "line %d of content %d, some text to read\n", k, seed > file
      else printf "" > file
      close(file)
    }
  }'
}

echo "machine: $(nproc) cores, $(awk '/MemTotal/ {printf "%.0f GB", $2 / 1048576}' /proc/meminfo), $(stat -f -c %T "$work")"
dd if=/dev/zero of="$work/sync" bs=4k count=200 oflag=dsync 2>&1 | awk -F, '/copied/ {sub(/ s$/, "", $(NF-1)); printf "a synced 4 KiB write takes %.2f ms\n", $(NF-1) * 1000 / 200}'
echo "tree: $files files"
make_tree "$work/tree" "$files" 1
size=$(du -sk --apparent-size "$work/tree" | cut -f1)
mkfs.ext4 -q -F -b 4096 -N $((files * 2)) -d "$work/tree" "$work/tree.img" $((size * 3 + files * 8 + 65536))k

# -- Enumerate ------------------------------------------------------------------------------------
format='%y\034%D\034%i\034%n\034%s\034%m\034%U\034%G\034%T@\034%A@\034%C@\034%P\034%l\0'
find_seconds=$(best find "$work/tree" -xdev -printf "$format")
fls_seconds=$(best fls -r -p "$work/tree.img")
enum_directory=$(best "$ntt" --progress none run --dir "$work/tree" --until enum --force --no-project)
enum_image=$(best "$ntt" --progress none run --image "$work/tree.img" --until enum --force --no-project)
row "enumerate a directory, rate / find -printf" "$(ratio "$find_seconds" "$enum_directory")" ">= 1"
row "enumerate an image, rate / fls -r" "$(ratio "$fls_seconds" "$enum_image")" ">= 1"

# -- Load and project -----------------------------------------------------------------------------
# Each time a new database, and for ntt a new log and a new generation of rows.
loaddb_seconds=$(for i in 1 2 3; do sync; seconds tsk_loaddb -k -d "$work/tsk-$i.db" "$work/tree.img"; done | least)
load_once() {
  NTT_HOME=$1 "$ntt" db url >/dev/null # the cluster is made and started outside the measurement
  sync
  seconds env NTT_HOME="$1" "$ntt" --progress none run --image "$work/tree.img" --until load
  NTT_HOME=$1 "$ntt" db stop >/dev/null
}
load_seconds=$(for i in 1 2 3; do load_once "$work/home-load-$i"; done | least)
row "load and project, rate / tsk_loaddb" "$(ratio "$loaddb_seconds" "$load_seconds")" ">= 5"

# -- Copy -----------------------------------------------------------------------------------------
# Each time a new repository and a new store.
restic_once() {
  restic init -q -r "$1" >/dev/null
  sync
  seconds restic backup -q -r "$1" "$work/tree"
}
copy_once() {
  NTT_HOME=$1 "$ntt" --progress none run --dir "$work/tree" --until load --no-project >/dev/null 2>&1
  sync
  seconds env NTT_HOME="$1" "$ntt" --progress none run --dir "$work/tree" --until copy --no-project
}
restic_seconds=$(for i in 1 2 3; do restic_once "$work/restic-$i"; done | least)
copy_seconds=$(for i in 1 2 3; do copy_once "$work/home-copy-$i"; done | least)
row "copy, rate / restic backup" "$(ratio "$restic_seconds" "$copy_seconds")" ">= 1"

# -- Memory and bytes -----------------------------------------------------------------------------
echo "medium: $entries entries"
make_tree "$work/large" "$entries" 0
seconds "$ntt" --progress none run --dir "$work/large" --until enum --no-project >/dev/null
row "peak memory of enum, MB" "$(peak_megabytes)" "< 256"
# A tree that people made compresses less than one from a counter.
"$ntt" --progress none run --dir /usr --until enum --no-project --json >"$work/usr.json"
medium=$(sed -n 's/.*"medium":"\([^"]*\)".*/\1/p' "$work/usr.json")
row "log bytes an entry of /usr" "$("$ntt" log --type enum_batch --json --medium "$medium" |
  sed 's/.*"count":\([0-9]*\).*"attachment_bytes":\([0-9]*\).*/\1 \2/' |
  awk '{entries += $1; bytes += $2} END {printf "%.2f", bytes / entries}')" "<= 12"
seconds "$ntt" --progress none run --dir "$work/large" --until load --no-project >/dev/null
row "peak memory of load, MB" "$(peak_megabytes)" "< 256"
seconds "$ntt" --progress none project >/dev/null
row "peak memory of the projector, MB" "$(peak_megabytes)" "< 256"
seconds "$ntt" --progress none run --dir "$work/large" --no-project >/dev/null
row "peak memory of copy, archive, verify, MB" "$(peak_megabytes)" "< 256"
