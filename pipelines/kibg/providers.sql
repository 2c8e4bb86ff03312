-- Who gets a report: providers with a submission in the report year.
-- clients: different clients with a trajectory in the years that the minimum counts; size: trajectories closed in the report year.
WITH delivered AS (
    SELECT provider_id, COUNT(end_date) AS size
    FROM trajectory
    WHERE year = $year
    GROUP BY provider_id
),
counted AS (
    SELECT provider_id, COUNT(DISTINCT client_key) AS clients
    FROM trajectory
    WHERE year BETWEEN $first_client_year AND $year
    GROUP BY provider_id
)
SELECT delivered.provider_id, counted.clients, delivered.size
FROM delivered
JOIN counted ON counted.provider_id = delivered.provider_id
