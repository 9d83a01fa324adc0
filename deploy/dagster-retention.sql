-- Makes Dagster's run history in PostgreSQL smaller (docs/kubernetes.md): deletes what is older than 90 days, except the
-- newest record of each asset and day, so every day stays green. The list of runs stays too; an old run's steps do not.
-- In Dagster's own database, not the shop's; for example once a month, and then VACUUM:
--   psql --single-transaction -v ON_ERROR_STOP=1 -f deploy/dagster-retention.sql

DELETE FROM event_logs AS old
USING (
  SELECT asset_key, dagster_event_type, coalesce(partition, '') AS day, max(id) AS id
  FROM event_logs
  WHERE dagster_event_type IN ('ASSET_MATERIALIZATION', 'ASSET_MATERIALIZATION_PLANNED')
  GROUP BY 1, 2, 3
) AS newest
WHERE old.timestamp < (now() AT TIME ZONE 'utc') - interval '90 days'
  AND old.asset_key = newest.asset_key
  AND old.dagster_event_type = newest.dagster_event_type
  AND coalesce(old.partition, '') = newest.day
  AND old.id < newest.id;

DELETE FROM asset_check_executions AS old
USING (
  SELECT asset_key, check_name, coalesce(partition, '') AS day, max(id) AS id
  FROM asset_check_executions
  GROUP BY 1, 2, 3
) AS newest
WHERE old.create_timestamp < (now() AT TIME ZONE 'utc') - interval '90 days'
  AND old.asset_key = newest.asset_key
  AND old.check_name = newest.check_name
  AND coalesce(old.partition, '') = newest.day
  AND old.id < newest.id;

DELETE FROM event_logs AS old
WHERE old.timestamp < (now() AT TIME ZONE 'utc') - interval '90 days'
  AND (old.dagster_event_type IS NULL
       OR old.dagster_event_type NOT LIKE 'ASSET_%'
       OR old.dagster_event_type IN ('ASSET_CHECK_EVALUATION', 'ASSET_CHECK_EVALUATION_PLANNED'))
  AND NOT EXISTS (
    SELECT FROM asset_check_executions AS kept WHERE kept.evaluation_event_storage_id = old.id
  );
