-- Schema version 4: every table and view of ntt. TABLES.md says what each column means.
-- Run once, as ntt_projector, with search_path = ntt.

CREATE TABLE schema_version (
  version integer PRIMARY KEY
);
INSERT INTO schema_version VALUES (4);

CREATE TABLE projection_checkpoint (
  projection text PRIMARY KEY,
  version integer NOT NULL,
  seq bigint NOT NULL,
  envelope_hash text NOT NULL,
  root text NOT NULL
);

CREATE TABLE event (
  seq bigint PRIMARY KEY,
  id uuid NOT NULL,
  type text NOT NULL,
  version integer NOT NULL,
  medium_hash text,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  origin text NOT NULL,
  run uuid,
  cause bigint,
  host text NOT NULL,
  "user" text NOT NULL,
  program text NOT NULL,
  attachment_bytes bigint NOT NULL,
  known boolean NOT NULL,
  data jsonb NOT NULL
);
CREATE INDEX event_medium_idx ON event (medium_hash, seq);
CREATE INDEX event_type_idx ON event (type, seq);

-- Events that count as absent.
CREATE TABLE retracted_event (
  seq bigint PRIMARY KEY,
  medium_hash text NOT NULL,
  retracted_by bigint NOT NULL
);

-- Events that could not be folded.
CREATE TABLE unfolded_event (
  seq bigint NOT NULL,
  lacking text NOT NULL CHECK (lacking IN ('medium', 'blobs', 'nothing')),
  medium_hash text,
  reason text NOT NULL,
  PRIMARY KEY (seq, lacking)
);

CREATE TABLE medium (
  medium_hash text PRIMARY KEY,
  medium_human text,
  added_at timestamptz,
  health text NOT NULL CHECK (health IN ('ok', 'incomplete', 'corrupt', 'failed')),
  image_path text,
  enum_done timestamptz,
  copy_done timestamptz,
  message text,
  diagnostics text,
  problems jsonb,
  size bigint,
  source_kind text,
  source_path text,
  archive_done timestamptz,
  verify_done timestamptz,
  generation integer NOT NULL,
  enum_done_seq bigint,
  copy_done_seq bigint,
  archive_done_seq bigint,
  verify_done_seq bigint,
  enum_done_basis text,
  copy_done_basis text,
  partition_suffix text NOT NULL UNIQUE,
  last_seq bigint NOT NULL,
  CONSTRAINT medium_copy_after_enum
    CHECK (copy_done IS NULL OR (enum_done IS NOT NULL AND copy_done >= enum_done))
);

CREATE TABLE stage_attempt (
  start_seq bigint PRIMARY KEY,
  medium_hash text NOT NULL,
  stage text NOT NULL,
  started_at timestamptz,
  end_seq bigint,
  ended_at timestamptz,
  outcome text CHECK (outcome IN ('success', 'error', 'skip', 'retracted')),
  error text,
  message text,
  run uuid,
  last_seq bigint NOT NULL
);
CREATE INDEX stage_attempt_medium_idx ON stage_attempt (medium_hash);

CREATE TABLE volume (
  medium_hash text NOT NULL,
  volume integer NOT NULL,
  generation integer NOT NULL,
  byte_offset bigint NOT NULL,
  length bigint NOT NULL,
  partition_table text NOT NULL,
  description text NOT NULL,
  filesystem text NOT NULL,
  label text NOT NULL,
  uuid text NOT NULL,
  outcome text NOT NULL,
  message text NOT NULL,
  time_basis text NOT NULL,
  entries bigint NOT NULL,
  bytes bigint NOT NULL,
  unreadable bigint NOT NULL,
  other_streams bigint NOT NULL,
  last_seq bigint NOT NULL,
  PRIMARY KEY (medium_hash, volume)
);

CREATE TABLE inode (
  id bigint NOT NULL,
  medium_hash text NOT NULL,
  dev bigint NOT NULL,
  ino bigint NOT NULL,
  nlink integer NOT NULL,
  size bigint NOT NULL,
  mtime bigint,
  fs_type char(1) NOT NULL,
  blobid text,
  mime_type varchar(255),
  copied boolean NOT NULL,
  claimed_by text,
  claimed_at timestamptz,
  processed_at timestamptz,
  status text NOT NULL,
  error_type text,
  errors text[] NOT NULL,
  volume integer NOT NULL,
  mode integer NOT NULL,
  uid bigint NOT NULL,
  gid bigint NOT NULL,
  modify_time bigint,
  access_time bigint,
  change_time bigint,
  birth_time bigint,
  symlink_target bytea,
  allocated boolean NOT NULL,
  size_read bigint,
  disposition text NOT NULL,
  generation integer NOT NULL,
  last_seq bigint NOT NULL,
  CONSTRAINT inode_status
    CHECK (status IN ('pending', 'success', 'failed_retryable', 'failed_permanent')),
  CONSTRAINT inode_error_type CHECK (error_type IS NULL OR error_type IN
    ('path_error', 'io_error', 'hash_error', 'permission_error', 'unknown')),
  CONSTRAINT inode_success_has_blob CHECK ((status = 'success') = (blobid IS NOT NULL))
) PARTITION BY LIST (medium_hash);

CREATE TABLE path (
  medium_hash text NOT NULL,
  dev bigint NOT NULL,
  ino bigint NOT NULL,
  path bytea NOT NULL,
  exclude_reason text,
  blobid text,
  volume integer NOT NULL,
  inode_id bigint NOT NULL,
  disposition text NOT NULL,
  reason text,
  last_seq bigint NOT NULL,
  name_key bigint NOT NULL,
  CONSTRAINT path_disposition CHECK (disposition IN
    ('stored', 'duplicate', 'excluded', 'not_regular', 'unreadable', 'failed', 'pending'))
) PARTITION BY LIST (medium_hash);

-- path.name_key of a base name: the FNV-1a hash of its extension, then that of all of it, ASCII
-- letters in lower case. For SELECT ... FROM path WHERE name_key = name_key('report.doc').
CREATE FUNCTION name_key(name bytea) RETURNS bigint
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  byte integer;
  whole bigint := 2166136261;
  extension bigint := 2166136261;
  has_dot boolean := false;
BEGIN
  FOR i IN 0 .. length(name) - 1 LOOP
    byte := get_byte(name, i);
    IF byte BETWEEN 65 AND 90 THEN
      byte := byte + 32;
    END IF;
    whole := ((whole # byte) * 16777619) & 4294967295;
    IF byte = 46 THEN
      has_dot := true;
      extension := 2166136261;
    ELSIF has_dot THEN
      extension := ((extension # byte) * 16777619) & 4294967295;
    END IF;
  END LOOP;
  RETURN (extension << 32) | whole;
END
$$;

CREATE TABLE find_filter (
  medium_hash text PRIMARY KEY,
  bits bytea NOT NULL,
  last_seq bigint NOT NULL
);
-- Parts of it are read: it is not compressed.
ALTER TABLE find_filter ALTER bits SET STORAGE EXTERNAL;

CREATE TABLE blobs (
  blobid text PRIMARY KEY,
  last_checked timestamptz,
  size bigint NOT NULL,
  created_at timestamptz NOT NULL,
  check_outcome text,
  check_seq bigint,
  first_seq bigint NOT NULL,
  last_seq bigint NOT NULL
);

CREATE TABLE queue_stats (
  medium_hash text PRIMARY KEY,
  unclaimed_count bigint NOT NULL,
  total_count bigint NOT NULL,
  last_updated timestamptz NOT NULL,
  last_seq bigint NOT NULL
);

-- How many entries of a medium have which disposition.
CREATE VIEW medium_disposition AS
  SELECT medium_hash, disposition, count(*) AS entries
  FROM path GROUP BY medium_hash, disposition;

-- Attempts that never came to an end: running, or interrupted.
CREATE VIEW open_attempt AS
  SELECT * FROM stage_attempt WHERE outcome IS NULL;

-- Attempts that ended, and how long they took; place 1 of a stage took longest of all media. Those
-- whose start the log does not have are left out.
CREATE VIEW stage_duration AS
  SELECT medium_hash, stage, start_seq, started_at, ended_at, outcome,
         ended_at - started_at AS duration,
         rank() OVER (PARTITION BY stage ORDER BY ended_at - started_at DESC) AS place
  FROM stage_attempt
  WHERE end_seq <> start_seq AND started_at IS NOT NULL;

-- Stages that failed, by type of event and by its short word. A retracted event does not count.
CREATE VIEW error_by_type AS
  SELECT e.type, e.data ->> 'error' AS error, count(*) AS events,
         count(DISTINCT e.medium_hash) AS media, min(e.occurred_at) AS first_at,
         max(e.occurred_at) AS last_at, max(e.seq) AS last_seq
  FROM event e
  WHERE e.type IN ('image_error', 'enum_error', 'load_error', 'copy_error', 'archive_error',
                   'verify_error')
    AND NOT EXISTS (SELECT FROM retracted_event r WHERE r.seq = e.seq)
  GROUP BY e.type, e.data ->> 'error';

-- Files that could not be stored, by medium and kind of error.
CREATE VIEW file_error_by_type AS
  SELECT medium_hash, error_type, status, count(*) AS inodes
  FROM inode WHERE error_type IS NOT NULL
  GROUP BY medium_hash, error_type, status;
