-- What the delivered sessions of a trajectory come to. A trajectory without sessions is not there.
SELECT
    year,
    provider_id,
    trajectory_id,
    SUM(direct_minutes) AS direct_minutes,
    MIN(date) AS first_date,
    MAX(date) AS last_date
FROM session
GROUP BY year, provider_id, trajectory_id
