-- Who counts: closed trajectories with a measurement before treatment in its window (views/measurement_fit.sql), on a scale that
-- measures the effect (instruments.toml) and has a norm (instrument_norm, norms.sql), with one after treatment or not. One row for
-- each trajectory: the measurement nearest to the first date; then the first by code of the instrument, then by scale, then the
-- earliest, then the first row.
-- start_t: T before treatment; 50 and 10 are mean and spread of the nation's clients on that scale, higher is always worse (domain 4.4).
-- severity: the class of start_t by the borders that pipeline.toml declares. Nine digits decide, so that a score on a border is on it.
WITH ranked AS (
    SELECT
        measurement_fit.year,
        measurement_fit.provider_id,
        measurement_fit.trajectory_id,
        50.0 + (measurement_fit.score - instrument_norm.mean)
            * CASE WHEN instrument_scale.higher_is_better THEN -10.0 ELSE 10.0 END / instrument_norm.sd AS start_t,
        instrument_norm.moderate_from - 1e-9 AS least_moderate,
        instrument_norm.high_from - 1e-9 AS least_high,
        ROW_NUMBER() OVER (
            PARTITION BY measurement_fit.year, measurement_fit.provider_id, measurement_fit.trajectory_id
            ORDER BY
                measurement_fit.days_off, measurement_fit.instrument, measurement_fit.scale, measurement_fit.date, measurement_fit.source_row
        ) AS choice
    FROM measurement_fit
    JOIN instrument_scale
        ON instrument_scale.instrument = measurement_fit.instrument AND instrument_scale.scale = measurement_fit.scale
    JOIN instrument_norm
        ON instrument_norm.instrument = measurement_fit.instrument AND instrument_norm.scale = measurement_fit.scale
    WHERE measurement_fit.moment = 'voor' AND measurement_fit.in_window AND instrument_scale.effect
)
SELECT
    year,
    provider_id,
    trajectory_id,
    start_t,
    CASE
        WHEN start_t >= least_high THEN 'high'
        WHEN start_t >= least_moderate THEN 'moderate'
        WHEN least_moderate IS NOT NULL THEN 'light'
    END AS severity
FROM ranked
WHERE choice = 1
