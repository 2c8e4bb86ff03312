-- Who counts: trajectories closed in the report year that were not incomplete, under the zorgprestatiemodel, with minutes
-- registered exactly (classes are lower bounds and would pull the mean down; domain 5.2).
-- Value: direct minutes. Not counted: trajectories without any minute.
SELECT provider_id, trajectory_id AS unit_id, CAST(direct_minutes AS DOUBLE) AS value
FROM closed_trajectory
WHERE year = $year
    AND NOT incomplete
    AND scheme = 'ZPM'
    AND COALESCE(minutes_source, 'exact') = 'exact'
    AND direct_minutes > 0
