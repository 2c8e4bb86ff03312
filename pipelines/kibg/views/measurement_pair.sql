-- Who counts: closed trajectories with a measurement before and after, paired within one instrument and scale.
-- Window (domain 4.2): at most three months before or after the first date of treatment, and before or after the last date;
-- both ends of the window count. The measurement before lies on an earlier day than the measurement after.
WITH at_start AS (
    SELECT m.year, m.provider_id, m.trajectory_id, m.instrument, m.scale, m.date
    FROM measurement AS m
    JOIN closed_trajectory AS t
        ON t.year = m.year AND t.provider_id = m.provider_id AND t.trajectory_id = m.trajectory_id
    WHERE m.moment = 'voor'
        AND m.score IS NOT NULL
        AND m.date BETWEEN t.first_date - INTERVAL '3 months' AND t.first_date + INTERVAL '3 months'
),
at_end AS (
    SELECT m.year, m.provider_id, m.trajectory_id, m.instrument, m.scale, m.date
    FROM measurement AS m
    JOIN closed_trajectory AS t
        ON t.year = m.year AND t.provider_id = m.provider_id AND t.trajectory_id = m.trajectory_id
    WHERE m.moment = 'na'
        AND m.score IS NOT NULL
        AND m.date BETWEEN t.last_date - INTERVAL '3 months' AND t.last_date + INTERVAL '3 months'
)
SELECT DISTINCT at_start.year, at_start.provider_id, at_start.trajectory_id
FROM at_start
JOIN at_end
    ON at_end.year = at_start.year
    AND at_end.provider_id = at_start.provider_id
    AND at_end.trajectory_id = at_start.trajectory_id
    AND at_end.instrument = at_start.instrument
    AND at_end.scale = at_start.scale
    AND at_start.date < at_end.date
