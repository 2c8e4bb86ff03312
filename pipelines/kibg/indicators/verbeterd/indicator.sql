-- Who counts: trajectories of the report year with a pair that shows the effect (views/treatment_effect.sql).
-- Met: complaints reliably decreased, recovered or improved (decision 25).
SELECT
    provider_id,
    trajectory_id AS unit_id,
    outcome IN ('recovered', 'improved') AS met,
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
