-- Who counts: trajectories closed in the year of their delivery that were not incomplete, with a pair (views/measurement_pair.sql)
-- on a scale that measures the effect (instruments.toml) and has a norm (instrument_norm, norms.sql). One pair for each: the one
-- whose two distances are smallest together; then the first by code of the instrument, then by scale (domain 4.2).
-- first_t, last_t: T before and after, 50 and 10 among the nation's clients before treatment, higher is always worse (domain 4.4).
-- change: first_t minus last_t; positive is fewer complaints (decision 25).
-- outcome (domain 4.5): a change of reliable_change and more counts, either way; recovered is from the cut-off or above it to below
-- it. Nine digits decide, so that a score on the border is on it.
-- Instruments stand side by side in T, and still differ: a place is adjusted for the instrument (domain, trap 7).
WITH scored AS (
    SELECT
        measurement_pair.year,
        measurement_pair.provider_id,
        measurement_pair.trajectory_id,
        measurement_pair.instrument,
        CASE WHEN instrument_scale.higher_is_better THEN -10.0 ELSE 10.0 END / instrument_norm.sd AS t_per_point,
        instrument_norm.mean,
        measurement_pair.first_score,
        measurement_pair.last_score,
        instrument_norm.reliable_change - 1e-9 AS least_change,
        instrument_norm.cut_off - 1e-9 AS least_clinical,
        ROW_NUMBER() OVER (
            PARTITION BY measurement_pair.year, measurement_pair.provider_id, measurement_pair.trajectory_id
            ORDER BY measurement_pair.days_off, measurement_pair.instrument, measurement_pair.scale
        ) AS choice
    FROM measurement_pair
    JOIN instrument_scale
        ON instrument_scale.instrument = measurement_pair.instrument AND instrument_scale.scale = measurement_pair.scale
    JOIN instrument_norm
        ON instrument_norm.instrument = measurement_pair.instrument AND instrument_norm.scale = measurement_pair.scale
    WHERE instrument_scale.effect
),
placed AS (
    SELECT
        year,
        provider_id,
        trajectory_id,
        instrument,
        50.0 + (first_score - mean) * t_per_point AS first_t,
        50.0 + (last_score - mean) * t_per_point AS last_t,
        (first_score - last_score) * t_per_point AS change,
        least_change,
        least_clinical
    FROM scored
    WHERE choice = 1
)
SELECT
    placed.year,
    placed.provider_id,
    placed.trajectory_id,
    placed.instrument,
    placed.first_t,
    placed.last_t,
    placed.change,
    CASE
        WHEN placed.change >= placed.least_change AND placed.first_t >= placed.least_clinical AND placed.last_t < placed.least_clinical THEN 'recovered'
        WHEN placed.change >= placed.least_change THEN 'improved'
        WHEN placed.change <= -placed.least_change THEN 'deteriorated'
        ELSE 'unchanged'
    END AS outcome,
    client_trajectory.age_at_start,
    client_trajectory.sex,
    client_trajectory.education,
    client_trajectory.work,
    client_trajectory.earlier_treatment,
    client_trajectory.diagnosis_group
FROM placed
JOIN closed_trajectory
    ON closed_trajectory.year = placed.year
    AND closed_trajectory.provider_id = placed.provider_id
    AND closed_trajectory.trajectory_id = placed.trajectory_id
JOIN client_trajectory
    ON client_trajectory.year = placed.year
    AND client_trajectory.provider_id = placed.provider_id
    AND client_trajectory.trajectory_id = placed.trajectory_id
WHERE NOT closed_trajectory.incomplete
