-- Who counts: trajectories of the report year with a pair that shows the effect (views/treatment_effect.sql).
-- Met: recovered. Who starts below the cut-off cannot recover and counts all the same, so that the four classes add up to all
-- pairs (domain 4.5); the place is adjusted for T at the start.
SELECT
    provider_id,
    trajectory_id AS unit_id,
    outcome = 'recovered' AS met,
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
