-- Who counts: measurements in their window, together by trajectory, instrument and scale. A group with both moments makes a
-- pair when some measurement before lies on an earlier day than some measurement after (views/measurement_pair.sql); else
-- both lie on one day (W716) or in the wrong order (E322). Without both moments in any group, instruments differ (W715).
-- first_row to days_off: the pair itself where each moment has one measurement, as nearly all groups have; nothing otherwise.
SELECT
    year,
    provider_id,
    trajectory_id,
    instrument,
    scale,
    SUM(CASE WHEN moment = 'voor' THEN 1 ELSE 0 END) AS first_count,
    SUM(CASE WHEN moment = 'na' THEN 1 ELSE 0 END) AS last_count,
    MIN(CASE WHEN moment = 'voor' THEN date END) AS earliest_first,
    MAX(CASE WHEN moment = 'na' THEN date END) AS latest_last,
    MIN(CASE WHEN moment = 'voor' THEN source_row END) AS first_row,
    MIN(CASE WHEN moment = 'na' THEN source_row END) AS last_row,
    MIN(CASE WHEN moment = 'voor' THEN score END) AS first_score,
    MIN(CASE WHEN moment = 'na' THEN score END) AS last_score,
    SUM(days_off) AS days_off
FROM measurement_fit
WHERE in_window
GROUP BY year, provider_id, trajectory_id, instrument, scale
