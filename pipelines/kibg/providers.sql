-- Who counts: providers with a submission in the report year; each gets a report, or a line that says why not.
-- clients: different clients with a trajectory that was closed in the years that the minimum counts (decision 28); an open
-- trajectory counts only as a new start (decision 10). size: trajectories closed in the report year.
-- share_intensive, share_chronic: part of those with a known profile that had profile I or C; NULL when no profile was delivered.
-- Administrative closings are no ending and do not count, as in views/closed_trajectory.sql.
WITH delivered AS (
    SELECT DISTINCT provider_id
    FROM trajectory
    WHERE year = $year
),
closed AS (
    SELECT year, provider_id, client_key, product
    FROM trajectory
    WHERE year BETWEEN $first_client_year AND $year
        AND end_date IS NOT NULL
        AND close_reason <> 'administratief'
),
counted AS (
    SELECT
        provider_id,
        COUNT(DISTINCT client_key) AS clients,
        SUM(CASE WHEN year = $year THEN 1 ELSE 0 END) AS size,
        SUM(CASE WHEN year = $year AND product IS NOT NULL THEN 1 ELSE 0 END) AS with_product,
        SUM(CASE WHEN year = $year AND product = 'I' THEN 1 ELSE 0 END) AS intensive,
        SUM(CASE WHEN year = $year AND product = 'C' THEN 1 ELSE 0 END) AS chronic
    FROM closed
    GROUP BY provider_id
)
SELECT
    delivered.provider_id,
    COALESCE(counted.clients, 0) AS clients,
    COALESCE(counted.size, 0) AS size,
    CAST(counted.intensive AS DOUBLE) / NULLIF(counted.with_product, 0) AS share_intensive,
    CAST(counted.chronic AS DOUBLE) / NULLIF(counted.with_product, 0) AS share_chronic
FROM delivered
LEFT JOIN counted ON counted.provider_id = delivered.provider_id
