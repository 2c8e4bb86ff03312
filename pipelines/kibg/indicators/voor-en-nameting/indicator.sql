-- Who counts: trajectories closed in the report year that were not incomplete.
-- Met: a measurement before and after with the same instrument and scale, both in time (views/measurement_pair.sql). part: the profile.
WITH paired AS (
    SELECT DISTINCT year, provider_id, trajectory_id
    FROM measurement_pair
    WHERE year = $year
)
SELECT
    closed_trajectory.provider_id,
    closed_trajectory.trajectory_id AS unit_id,
    paired.trajectory_id IS NOT NULL AS met,
    closed_trajectory.product AS part
FROM closed_trajectory
LEFT JOIN paired
    ON paired.year = closed_trajectory.year
    AND paired.provider_id = closed_trajectory.provider_id
    AND paired.trajectory_id = closed_trajectory.trajectory_id
WHERE closed_trajectory.year = $year AND NOT closed_trajectory.incomplete
