#!/usr/bin/env bash
# Measures ntt backfill of one medium against COPY ... TO STDOUT of its two partitions, in one run.
#
# usage: tests/bench/backfill.sh NTT STORE_MAKER [PATHS [BLOBS]]     default 1000000, 200000
#
# One inode in ten has a second link, one in twenty is a directory. Every file's blob is in the store,
# which `ntt backfill` looks at for each. The earlier system's database is one of ntt's own cluster.
set -euo pipefail

ntt=$(realpath "$1")
maker=$(realpath "$2")
paths=${3:-1000000}
blobs=${4:-200000}
work=$(mktemp -d "${NTT_BENCH_DIR:-/var/tmp}/ntt-backfill-XXXXXX")
export NTT_HOME=$work/home
trap '"$ntt" db stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT

"$maker" "$work/store" "$blobs" >/dev/null
owner=$("$ntt" db url --admin)
where=${owner#*\?}
psql -qX "postgresql://ntt_admin@/postgres?$where" -c 'CREATE DATABASE copyjob OWNER ntt_projector'
url="postgresql://ntt_projector@/copyjob?$where"
find "$work/store/by-hash" -path '*/.tmp' -prune -o -type f -printf '%f\t%s\n' >"$work/blobs.tsv"
psql -qX -v ON_ERROR_STOP=1 "$url" >/dev/null <<SQL
CREATE TABLE medium (medium_hash text PRIMARY KEY, medium_human text, added_at timestamptz, health text,
  image_path text, enum_done timestamptz, copy_done timestamptz);
CREATE TABLE inode (medium_hash text, dev bigint, ino bigint, nlink int, size bigint, mtime bigint, fs_type
  char(1), blobid text, mime_type varchar(255), copied bool, errors text[] DEFAULT '{}', claimed_by text,
  processed_at timestamptz, status text, error_type text, PRIMARY KEY (medium_hash, ino)) PARTITION BY LIST
  (medium_hash);
CREATE TABLE path (medium_hash text, dev bigint, ino bigint, path bytea, blobid text, exclude_reason text,
  PRIMARY KEY (medium_hash, path)) PARTITION BY LIST (medium_hash);
INSERT INTO medium VALUES ('aaaa350a5b27adf013e02994611cebc3', 'big', '2025-10-01', 'ok');
CREATE TABLE inode_p PARTITION OF inode FOR VALUES IN ('aaaa350a5b27adf013e02994611cebc3');
CREATE TABLE path_p PARTITION OF path FOR VALUES IN ('aaaa350a5b27adf013e02994611cebc3');
CREATE TABLE stored (nth bigserial, blob text, bytes bigint);
\copy stored (blob, bytes) FROM '$work/blobs.tsv'
INSERT INTO inode SELECT 'aaaa350a5b27adf013e02994611cebc3', 1793, i, 1 + (i % 10 = 0)::int, CASE WHEN i % 20 = 1
  THEN 4096 ELSE bytes END, 1000000000 + i, CASE WHEN i % 20 = 1 THEN 'd' ELSE 'f' END, CASE WHEN i % 20 <> 1 THEN
  blob END, CASE WHEN i % 20 = 1 THEN 'inode/directory' ELSE 'text/plain' END, true, '{}', 'worker-3', CASE WHEN
  i % 20 <> 1 THEN timestamptz '2025-10-02 10:00+00' + (i / 100) * interval '1.234567 s' END, CASE WHEN i % 20 = 1
  THEN 'pending' ELSE 'success' END FROM generate_series(1, $paths * 10 / 11) i JOIN stored ON nth = 1 + i % $blobs;
INSERT INTO path SELECT medium_hash, dev, ino, convert_to(format('/mnt/ntt/%s/%s/user%s/documents/folder%s/'
  'file-name-number-%s.txt', medium_hash, place, ino / 10000, ino / 20, ino), 'UTF8'), blobid FROM inode, (VALUES
  ('home', 1), ('backup', 10)) v (place, every) WHERE ino % every = 0;
VACUUM ANALYZE inode; VACUUM ANALYZE path;
SQL

seconds() {
  /usr/bin/time -o "$work/time" -f '%e %M' "$@" >/dev/null 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
  cat "$work/time"
}
least() { sort -n | head -1; }
copy=$(for _ in 1 2 3; do
  seconds psql -qX "$url" -c 'COPY inode_p TO STDOUT' -c 'COPY path_p TO STDOUT'
done | least)
backfill=$(for _ in 1 2 3; do
  rm -rf "$NTT_HOME/log"
  seconds "$ntt" --progress none backfill --from-db "$url" --by-hash-root "$work/store/by-hash"
done | least)
again=$(seconds "$ntt" --progress none backfill --from-db "$url" --by-hash-root "$work/store/by-hash")
awk -v n="$paths" -v c="${copy% *}" -v b="${backfill% *}" -v a="${again% *}" -v m="${backfill#* }" 'BEGIN {
  printf "COPY ... TO STDOUT of both partitions   %6.2f s   %d paths\n", c, n
  printf "ntt backfill                            %6.2f s   ratio %.2f   goal <= 3\n", b, b / c
  printf "ntt backfill, nothing new               %6.2f s   ratio %.2f\n", a, a / c
  printf "peak memory %.0f MB   goal < 256\n", m / 1024 }'
du -sb "$NTT_HOME/log" | awk -v n="$paths" '{printf "log bytes a path %.1f\n", $1 / n}'
