-- The roles: ntt_projector owns and writes, ntt_reader may only read.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ntt_projector') THEN
    CREATE ROLE ntt_projector LOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ntt_reader') THEN
    CREATE ROLE ntt_reader LOGIN;
    ALTER ROLE ntt_reader SET default_transaction_read_only = on;
  END IF;
END
$$;
