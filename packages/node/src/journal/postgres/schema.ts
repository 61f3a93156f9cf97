/** Tables of the journal, and every statement that touches them. */

/** One row in `holdfast_journal` says who may append, and where the chain of frames ends. */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS holdfast_journal (
    id smallint PRIMARY KEY CHECK (id = 1),
    venue text NOT NULL,
    term bigint NOT NULL,
    holder text,
    reserved text,
    expires timestamptz NOT NULL,
    next bigint NOT NULL,
    head bytea NOT NULL
  );
  CREATE TABLE IF NOT EXISTS holdfast_frames (
    first bigint PRIMARY KEY,
    count integer NOT NULL,
    term bigint NOT NULL,
    head bytea NOT NULL,
    frame bytea NOT NULL
  );
  ALTER TABLE holdfast_frames ALTER COLUMN frame SET STORAGE EXTERNAL;
  CREATE TABLE IF NOT EXISTS holdfast_snapshots (
    index bigint NOT NULL,
    part integer NOT NULL,
    parts integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (index, part)
  );
  CREATE TABLE IF NOT EXISTS holdfast_lines (
    log text NOT NULL,
    seq bigint NOT NULL,
    line text NOT NULL,
    PRIMARY KEY (log, seq)
  );`;

/** Two nodes that start together make the tables once. */
export const SCHEMA_LOCK = `SELECT pg_advisory_xact_lock(1212567089)`;
export const SCHEMA_FOUND = `SELECT to_regclass('holdfast_lines') IS NOT NULL AS found`;

/** $1 venue. */
export const BIRTH = `
  INSERT INTO holdfast_journal VALUES
    (1, $1, 0, NULL, NULL, '-infinity', 0, decode(repeat('00', 32), 'hex'))
  ON CONFLICT DO NOTHING`;

/**
 * What decides which server is used: it takes writes, and of several that do the one on the latest
 * timeline; a server that was promoted is ahead of the one that it replaced.
 */
export const SERVER = `
  SELECT pg_is_in_recovery() AS standby,
    CASE WHEN pg_is_in_recovery() THEN '' ELSE pg_walfile_name(pg_current_wal_lsn()) END AS wal`;

/**
 * Commits wait for the standby's disk. Nothing may cancel such a wait: PostgreSQL would then answer
 * as if it had been awaited, with no more than a warning.
 */
export const SESSION = `
  SET synchronous_commit = on;
  SET statement_timeout = 0;
  SET lock_timeout = 0;
  SET idle_in_transaction_session_timeout = 0;
  SET client_connection_check_interval = 2000`;

const ROW = `venue, term, holder, reserved, next, head,
  expires < clock_timestamp() AS expired,
  current_setting('synchronous_standby_names') = '' AS alone`;

export const READ = `SELECT ${ROW} FROM holdfast_journal WHERE id = 1`;

/** $1 name, $2 lease ms, $3 whether an expired lease is taken. The term rises: others are out. */
export const TAKE = `
  UPDATE holdfast_journal
  SET term = term + 1, holder = $1, reserved = NULL,
    expires = clock_timestamp() + $2 * interval '1 millisecond'
  WHERE id = 1 AND (reserved IS NULL OR reserved = $1)
    AND (holder IS NULL OR holder = $1 OR ($3 AND expires < clock_timestamp()))
  RETURNING ${ROW}`;

/** $1 term, $2 lease ms. */
export const RENEW = `
  UPDATE holdfast_journal SET expires = clock_timestamp() + $2 * interval '1 millisecond'
  WHERE id = 1 AND term = $1
  RETURNING ${ROW}`;

/** $1 term. */
export const RELEASE = `
  UPDATE holdfast_journal SET holder = NULL, expires = '-infinity' WHERE id = 1 AND term = $1`;

/** $1 who may take over, or null. Fences whoever holds the lease. */
export const PROMOTE = `
  UPDATE holdfast_journal
  SET term = term + 1, holder = NULL, reserved = $1, expires = '-infinity'
  WHERE id = 1
  RETURNING ${ROW}`;

/**
 * One frame, if the term is still ours and the chain ends where we think: $1 first, $2 count,
 * $3 head, $4 frame, $5 term, $6 head before, $7 lease ms, $8 whether no standby is all right.
 * The row's lock makes this and a takeover follow each other.
 */
export const APPEND = `
  WITH ours AS (
    UPDATE holdfast_journal
    SET next = $1::bigint + $2::integer, head = $3::bytea,
      expires = clock_timestamp() + $7 * interval '1 millisecond'
    WHERE id = 1 AND term = $5 AND next = $1 AND head = $6
      AND ($8 OR current_setting('synchronous_standby_names') <> '')
    RETURNING term
  )
  INSERT INTO holdfast_frames (first, count, term, head, frame)
  SELECT $1::bigint, $2::integer, term, $3::bytea, $4::bytea FROM ours`;

/** $1 from, $2 how many frames. */
export const FRAMES = `
  SELECT frame FROM holdfast_frames WHERE first >= $1 ORDER BY first LIMIT $2`;

/** $1 index: the frame that ends at or reaches over it. */
export const FRAME_BEFORE = `
  SELECT first, count, head FROM holdfast_frames WHERE first < $1 ORDER BY first DESC LIMIT 1`;

/** $1 index: frames that begin before it. */
export const FRAMES_DROP = `DELETE FROM holdfast_frames WHERE first < $1`;

/** $1 term: held until the transaction ends. */
export const HOLD = `SELECT 1 FROM holdfast_journal WHERE id = 1 AND term = $1 FOR SHARE`;

export const SNAPSHOT_ADD = `
  INSERT INTO holdfast_snapshots (index, part, parts, bytes) VALUES ($1, $2, $3, $4)
  ON CONFLICT (index, part) DO UPDATE SET parts = $3, bytes = $4`;
export const SNAPSHOT_PARTS = `
  SELECT bytes FROM holdfast_snapshots WHERE index = $1 ORDER BY part`;
/** $1 reach: snapshots past it speak of commands that were never acknowledged. */
export const SNAPSHOTS = `
  SELECT index FROM holdfast_snapshots WHERE index <= $1
  GROUP BY index HAVING count(*) = max(parts) ORDER BY index DESC`;
/** $1 how many are kept. */
export const SNAPSHOTS_DROP = `
  DELETE FROM holdfast_snapshots WHERE index NOT IN
    (SELECT DISTINCT index FROM holdfast_snapshots ORDER BY index DESC LIMIT $1)`;

export const LINES = `SELECT seq, line FROM holdfast_lines WHERE log = $1 ORDER BY seq`;
/**
 * $1 term, $2 log, $3 first seq, $4 lines, $5 whether all lines before are dropped. One statement,
 * which may be repeated after a lost connection; 'held' is 0 when the term is over.
 */
export const LINES_ADD = `
  WITH held AS (SELECT 1 FROM holdfast_journal WHERE id = 1 AND term = $1 FOR SHARE),
  gone AS (
    DELETE FROM holdfast_lines USING held
    WHERE $5::boolean AND log = $2::text AND seq < $3::bigint
  ),
  come AS (
    INSERT INTO holdfast_lines (log, seq, line)
    SELECT $2::text, $3::bigint + at - 1, line
    FROM held, unnest($4::text[]) WITH ORDINALITY AS given(line, at)
    ON CONFLICT DO NOTHING
  )
  SELECT count(*)::integer AS held FROM held`;
