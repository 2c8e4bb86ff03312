-- Who counts: trajectories closed in the report year that were not incomplete. Value: days from start to end.
SELECT provider_id, trajectory_id AS unit_id, CAST(CAST(end_date AS INT) - CAST(start_date AS INT) AS DOUBLE) AS value
FROM closed_trajectory
WHERE year = $year AND NOT incomplete
