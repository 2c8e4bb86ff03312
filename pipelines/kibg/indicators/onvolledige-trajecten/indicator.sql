-- Who counts: trajectories closed in the report year, administrative closings left out.
-- Met: incomplete (see views/closed_trajectory.sql).
SELECT provider_id, trajectory_id AS unit_id, incomplete AS met
FROM closed_trajectory
WHERE year = $year
