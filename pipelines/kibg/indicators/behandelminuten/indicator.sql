-- Who counts: trajectories closed in the report year that were not incomplete, under the zorgprestatiemodel, with minutes
-- registered exactly (classes are lower bounds and would pull the mean down; domain 5.2). So years of the scheme before have no value:
-- its minutes hold indirect time as well (domain, trap 1).
-- Value: direct minutes. Not counted: trajectories without any minute.
-- part: the profile. What adjusts the place was known before the start (views/client_trajectory.sql).
SELECT
    provider_id,
    trajectory_id AS unit_id,
    CAST(direct_minutes AS DOUBLE) AS value,
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
    AND scheme = 'ZPM'
    AND COALESCE(minutes_source, 'exact') = 'exact'
    AND direct_minutes > 0
