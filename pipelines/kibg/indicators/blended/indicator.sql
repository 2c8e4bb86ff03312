-- Who counts: trajectories closed in the report year of which is known whether part was online; administrative closings left out.
-- The norm of 2018 asked for the last three months; this is the year, because three months of a practice are a handful.
-- Met: part of the treatment was online.
SELECT provider_id, trajectory_id AS unit_id, blended AS met
FROM trajectory
WHERE year = $year
    AND end_date IS NOT NULL
    AND close_reason <> 'administratief'
    AND blended IS NOT NULL
