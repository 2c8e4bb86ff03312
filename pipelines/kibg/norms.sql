-- Who counts: measurements before treatment, in their window, of trajectories closed in the report year, with or without one after,
-- on scales that measure the effect (instruments.toml). One for each trajectory, instrument and scale: the one nearest to the first
-- date; then the earliest, then the first row.
WITH ranked AS (
    SELECT
        measurement_fit.provider_id,
        measurement_fit.instrument,
        measurement_fit.scale,
        measurement_fit.score,
        ROW_NUMBER() OVER (
            PARTITION BY measurement_fit.provider_id, measurement_fit.trajectory_id, measurement_fit.instrument, measurement_fit.scale
            ORDER BY measurement_fit.days_off, measurement_fit.date, measurement_fit.source_row
        ) AS choice
    FROM measurement_fit
    JOIN instrument_scale
        ON instrument_scale.instrument = measurement_fit.instrument AND instrument_scale.scale = measurement_fit.scale
    WHERE measurement_fit.year = $year
        AND measurement_fit.moment = 'voor'
        AND measurement_fit.in_window
        AND instrument_scale.effect
)
SELECT provider_id, instrument, scale, score
FROM ranked
WHERE choice = 1
