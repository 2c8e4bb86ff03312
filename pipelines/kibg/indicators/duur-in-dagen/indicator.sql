-- Who counts: trajectories closed in the report year that were not incomplete, under the scheme of that year: the two never stand in
-- one mean, as a product of the GBGGZ was open for at most 365 days (domain 5.1). Its last trajectories were closed for the
-- administration on 31 December 2021, and those never count (domain, trap 2).
-- Value: days from start to end. part: the profile. What adjusts the place was known before the start (views/client_trajectory.sql).
SELECT
    provider_id,
    trajectory_id AS unit_id,
    CAST(CAST(end_date AS INT) - CAST(start_date AS INT) AS DOUBLE) AS value,
    product AS part,
    product,
    diagnosis_group,
    age_at_start,
    earlier_treatment,
    education,
    work
FROM closed_trajectory
WHERE year = $year
    AND NOT incomplete
    AND scheme = CASE WHEN year < 2022 THEN 'GBGGZ' ELSE 'ZPM' END
