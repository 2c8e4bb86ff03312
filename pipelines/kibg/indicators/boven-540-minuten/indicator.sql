-- Who counts: the same trajectories as behandelminuten, with the same part and characteristics. Met: more than 540 direct minutes.
SELECT
    provider_id,
    trajectory_id AS unit_id,
    direct_minutes > 540 AS met,
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
