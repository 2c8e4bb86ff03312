-- Who counts: trajectories closed in the report year that were not incomplete.
-- Met: a measurement before and after with the same instrument and scale, both in time (views/measurement_pair.sql).
SELECT
    closed_trajectory.provider_id,
    closed_trajectory.trajectory_id AS unit_id,
    measurement_pair.trajectory_id IS NOT NULL AS met
FROM closed_trajectory
LEFT JOIN measurement_pair
    ON measurement_pair.year = closed_trajectory.year
    AND measurement_pair.provider_id = closed_trajectory.provider_id
    AND measurement_pair.trajectory_id = closed_trajectory.trajectory_id
WHERE closed_trajectory.year = $year AND NOT closed_trajectory.incomplete
