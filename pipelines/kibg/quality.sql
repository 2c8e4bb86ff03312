-- Who counts: rows of the report year. units: how many of of_units have the item; a step of the flow has no of_units of its own.
-- Steps: closed (administrative closings left out), and of those with direct minutes, with a pair of measurements, with an answer.
-- Fields: most of closed trajectories. diagnosis: without those with a privacy statement, where it is absent by law (domain, trap 4).
-- dates: of trajectories that started in the year. before, after: measurements in time, of trajectories that were not incomplete.
-- A value that was delivered as unknown is not filled.
WITH paired AS (
    SELECT DISTINCT provider_id, trajectory_id
    FROM measurement_pair
    WHERE year = $year
),
measured AS (
    SELECT
        provider_id,
        trajectory_id,
        MAX(CASE WHEN moment = 'voor' THEN 1 ELSE 0 END) AS has_before,
        MAX(CASE WHEN moment = 'na' THEN 1 ELSE 0 END) AS has_after
    FROM measurement_fit
    WHERE year = $year AND in_window
    GROUP BY provider_id, trajectory_id
),
answered AS (
    SELECT DISTINCT provider_id, trajectory_id
    FROM experience_answer
    WHERE year = $year AND trajectory_id IS NOT NULL
),
closed AS (
    SELECT
        closed_trajectory.provider_id,
        SUM(1) AS closed,
        SUM(CASE WHEN closed_trajectory.direct_minutes > 0 THEN 1 ELSE 0 END) AS minutes,
        SUM(CASE WHEN paired.trajectory_id IS NOT NULL THEN 1 ELSE 0 END) AS pair,
        SUM(CASE WHEN answered.trajectory_id IS NOT NULL THEN 1 ELSE 0 END) AS answer,
        SUM(CASE WHEN closed_trajectory.incomplete THEN 0 ELSE 1 END) AS whole,
        SUM(CASE WHEN closed_trajectory.incomplete THEN 0 ELSE COALESCE(measured.has_before, 0) END) AS before,
        SUM(CASE WHEN closed_trajectory.incomplete THEN 0 ELSE COALESCE(measured.has_after, 0) END) AS after,
        COUNT(closed_trajectory.product) AS product,
        COUNT(closed_trajectory.care_demand_type) AS care_demand_type,
        SUM(CASE WHEN closed_trajectory.diagnosis_group = 'unknown_privacy' THEN 0 ELSE 1 END) AS may_have_diagnosis,
        SUM(CASE WHEN COALESCE(closed_trajectory.diagnosis_group, 'unknown_privacy') = 'unknown_privacy' THEN 0 ELSE 1 END) AS diagnosis,
        COUNT(closed_trajectory.age_at_start) AS age,
        COUNT(closed_trajectory.sex) AS sex,
        COUNT(closed_trajectory.education) AS education,
        COUNT(closed_trajectory.work) AS work,
        COUNT(closed_trajectory.earlier_treatment) AS earlier_treatment,
        COUNT(closed_trajectory.referrer) AS referrer
    FROM closed_trajectory
    LEFT JOIN paired
        ON paired.provider_id = closed_trajectory.provider_id AND paired.trajectory_id = closed_trajectory.trajectory_id
    LEFT JOIN measured
        ON measured.provider_id = closed_trajectory.provider_id AND measured.trajectory_id = closed_trajectory.trajectory_id
    LEFT JOIN answered
        ON answered.provider_id = closed_trajectory.provider_id AND answered.trajectory_id = closed_trajectory.trajectory_id
    WHERE closed_trajectory.year = $year
    GROUP BY closed_trajectory.provider_id
),
started AS (
    SELECT
        provider_id,
        SUM(1) AS started,
        SUM(CASE WHEN referral_date IS NOT NULL AND intake_date IS NOT NULL THEN 1 ELSE 0 END) AS dates
    FROM trajectory
    WHERE year = $year AND start_date BETWEEN $period_start AND $period_end
    GROUP BY provider_id
),
online AS (
    SELECT provider_id, SUM(1) AS closed, COUNT(blended) AS blended
    FROM trajectory
    WHERE year = $year AND end_date IS NOT NULL AND close_reason <> 'administratief'
    GROUP BY provider_id
)
SELECT provider_id, 'step_closed' AS item, closed AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'step_minutes' AS item, minutes AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'step_pair' AS item, pair AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'step_answer' AS item, answer AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'minutes' AS item, minutes AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'before' AS item, before AS units, whole AS of_units FROM closed
UNION ALL SELECT provider_id, 'after' AS item, after AS units, whole AS of_units FROM closed
UNION ALL SELECT provider_id, 'answer' AS item, answer AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'product' AS item, product AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'care_demand_type' AS item, care_demand_type AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'diagnosis' AS item, diagnosis AS units, may_have_diagnosis AS of_units FROM closed
UNION ALL SELECT provider_id, 'age' AS item, age AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'sex' AS item, sex AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'education' AS item, education AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'work' AS item, work AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'earlier_treatment' AS item, earlier_treatment AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'referrer' AS item, referrer AS units, closed AS of_units FROM closed
UNION ALL SELECT provider_id, 'dates' AS item, dates AS units, started AS of_units FROM started
UNION ALL SELECT provider_id, 'blended' AS item, blended AS units, closed AS of_units FROM online
