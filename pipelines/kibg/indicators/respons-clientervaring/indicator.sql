-- Who counts: trajectories closed in the report year. Incomplete ones count: the means of the mark and the scales hold their answers
-- too, and a response without those who stopped early would look higher than it is. Not after a death: nobody can answer.
-- Who was invited is not delivered, so that every closed trajectory is the denominator (domain 1b, I1).
-- Met: the mark or at least one scale was answered in a questionnaire of that trajectory (views/experience_answer.sql).
-- Not delivered: a provider without any answer, and one with more than one in ten answers anonymous. Those belong to no trajectory,
-- so that the response is unknown and not low. One in ten is a choice of this pipeline: it leaves the share too low by a tenth at most.
WITH attributable AS (
    SELECT provider_id
    FROM experience_answer
    WHERE year = $year
    GROUP BY provider_id
    HAVING SUM(CASE WHEN trajectory_id IS NULL THEN 1 ELSE 0 END) * 10 <= COUNT(*)
),
answered AS (
    SELECT DISTINCT year, provider_id, trajectory_id
    FROM experience_answer
    WHERE year = $year AND trajectory_id IS NOT NULL
)
SELECT
    closed_trajectory.provider_id,
    closed_trajectory.trajectory_id AS unit_id,
    answered.trajectory_id IS NOT NULL AS met
FROM closed_trajectory
JOIN attributable ON attributable.provider_id = closed_trajectory.provider_id
LEFT JOIN answered
    ON answered.year = closed_trajectory.year
    AND answered.provider_id = closed_trajectory.provider_id
    AND answered.trajectory_id = closed_trajectory.trajectory_id
WHERE closed_trajectory.year = $year AND closed_trajectory.close_reason <> 'overleden'
