-- Each trajectory of the deliveries of the year before and of the report year, and why it does not count for terug-in-zorg: the first
-- reason that applies, NULL for one that counts. The conditions are those of indicator.sql, one by one.
WITH candidate AS (
    SELECT
        client_trajectory.year,
        client_trajectory.provider_id,
        client_trajectory.trajectory_id,
        client_trajectory.client_key,
        client_trajectory.start_date,
        client_trajectory.end_date,
        client_trajectory.close_reason,
        trajectory.source_file,
        trajectory.source_row,
        CASE
            WHEN client_trajectory.end_date IS NULL THEN 'loopt nog: er is geen einddatum'
            WHEN date_part('year', client_trajectory.end_date) <> client_trajectory.year THEN 'geëindigd in een ander jaar dan dat van de aanlevering'
            WHEN client_trajectory.close_reason IS NULL THEN 'de reden van afsluiten ontbreekt'
            WHEN client_trajectory.close_reason = 'administratief' THEN 'administratieve afsluiting: dat is geen einde van de behandeling'
            WHEN client_trajectory.close_reason = 'overleden' THEN 'de cliënt is overleden'
            WHEN client_trajectory.client_key IS NULL THEN 'het cliëntnummer ontbreekt'
        END AS reason
    FROM client_trajectory
    JOIN trajectory
        ON trajectory.year = client_trajectory.year
        AND trajectory.provider_id = client_trajectory.provider_id
        AND trajectory.trajectory_id = client_trajectory.trajectory_id
    WHERE client_trajectory.year BETWEEN $year - 1 AND $year
),
ending AS (
    SELECT
        year,
        provider_id,
        trajectory_id,
        client_key,
        end_date,
        ROW_NUMBER() OVER (PARTITION BY year, provider_id, client_key, end_date ORDER BY start_date DESC, trajectory_id) AS choice
    FROM candidate
    WHERE reason IS NULL
),
course AS (
    SELECT
        provider_id,
        client_key,
        start_date,
        CASE
            WHEN end_date IS NULL THEN make_date(year + 1, 1, 1)
            WHEN close_reason = 'administratief' THEN end_date + INTERVAL '31 days'
            ELSE end_date
        END AS runs_until
    FROM client_trajectory
    WHERE year BETWEEN $year - 2 AND $year AND start_date IS NOT NULL AND client_key IS NOT NULL
),
continued AS (
    SELECT
        ending.year,
        ending.provider_id,
        ending.trajectory_id,
        ending.choice,
        SUM(CASE WHEN course.start_date <= ending.end_date AND course.runs_until > ending.end_date THEN 1 ELSE 0 END) AS running
    FROM ending
    LEFT JOIN course ON course.provider_id = ending.provider_id AND course.client_key = ending.client_key
    GROUP BY ending.year, ending.provider_id, ending.trajectory_id, ending.choice
),
followed AS (
    SELECT DISTINCT provider_id
    FROM client_trajectory
    WHERE year = $year
)
SELECT
    candidate.provider_id,
    CAST(candidate.year AS VARCHAR) || '/' || candidate.trajectory_id AS unit_id,
    candidate.client_key,
    candidate.source_file,
    candidate.source_row,
    CASE
        WHEN candidate.reason IS NOT NULL THEN candidate.reason
        WHEN followed.provider_id IS NULL THEN 'over het verslagjaar is niets aangeleverd, zodat niemand is gevolgd'
        WHEN continued.choice <> 1 THEN 'een ander traject van dezelfde cliënt eindigde op dezelfde dag en telt'
        WHEN continued.running > 0 THEN 'een ander traject van dezelfde cliënt liep door of moest nog eindigen'
        WHEN candidate.year = $year THEN 'geëindigd in het verslagjaar en nog geen jaar gevolgd: telt alleen in de schatting naast het percentage'
    END AS reason
FROM candidate
LEFT JOIN continued
    ON continued.year = candidate.year
    AND continued.provider_id = candidate.provider_id
    AND continued.trajectory_id = candidate.trajectory_id
LEFT JOIN followed ON followed.provider_id = candidate.provider_id
