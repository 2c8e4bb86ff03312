-- Who counts: trajectories of the report year with a pair that shows the effect (views/treatment_effect.sql).
-- Value: T before minus T after (delta-T); positive is fewer complaints.
SELECT
    provider_id,
    trajectory_id AS unit_id,
    change AS value,
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
