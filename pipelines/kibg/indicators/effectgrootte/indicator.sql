-- Who counts: trajectories of the report year with a pair that shows the effect (views/treatment_effect.sql).
-- Value: the change in standard deviations of the nation before treatment (statistics 6.15), of which T counts ten points.
SELECT
    provider_id,
    trajectory_id AS unit_id,
    change / 10.0 AS value,
    first_t,
    age_at_start,
    sex,
    education,
    work,
    earlier_treatment,
    diagnosis_group,
    instrument
FROM treatment_effect
WHERE year = $year
