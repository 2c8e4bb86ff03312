-- Who counts: measurements before and after treatment, with a score, of closed trajectories.
-- reference_date (domain 4.2): the first date of treatment for a measurement before, the last for one after.
-- in_window: at most three months before or after its reference date; both ends of the window count.
WITH referred AS (
    SELECT
        measurement.year,
        measurement.provider_id,
        measurement.trajectory_id,
        measurement.source_row,
        measurement.moment,
        measurement.date,
        measurement.instrument,
        lower(measurement.scale) AS scale,
        measurement.score,
        CASE WHEN measurement.moment = 'voor' THEN closed_trajectory.first_date ELSE closed_trajectory.last_date END AS reference_date
    FROM measurement
    JOIN closed_trajectory
        ON closed_trajectory.year = measurement.year
        AND closed_trajectory.provider_id = measurement.provider_id
        AND closed_trajectory.trajectory_id = measurement.trajectory_id
    WHERE measurement.moment IN ('voor', 'na')
        AND measurement.instrument IS NOT NULL
        AND measurement.scale IS NOT NULL
        AND measurement.score IS NOT NULL
)
SELECT
    year,
    provider_id,
    trajectory_id,
    source_row,
    moment,
    date,
    instrument,
    scale,
    score,
    reference_date,
    ABS(CAST(date AS INT) - CAST(reference_date AS INT)) AS days_off,
    date BETWEEN reference_date - INTERVAL '3 months' AND reference_date + INTERVAL '3 months' AS in_window
FROM referred
