-- Who counts: trajectories closed in $year, administrative closings left out (views/closed_trajectory.sql). One row for each, in private
-- detail: `release` makes it coarse, and nothing else reads this. Not in SQL: clients under eighteen are left out, unknown codes named.
-- year is the closing year here, also for back_in_care: of closings of $year it is known when $year + 1 was delivered.
-- group_id, provider_class, province: of the provider, from the register; NULL when it is not registered. province is where treatment is given.
-- minutes, days: of every trajectory, for the bands. counted_minutes, counted_days, rom_change, mark: the value where the indicators
-- behandelminuten, duur-in-dagen, behandeleffect and rapportcijfer count the trajectory, else NULL; a mark only where the
-- questionnaire is linked to it.
-- back_in_care: as the indicator terug-in-zorg has it, for the ending of the trajectory. NULL when this was no end of care (another
-- trajectory ran on), when the client died, or when the provider did not deliver the year after.
-- rom_category: outcome of views/treatment_effect.sql; NULL without a pair that shows the effect.
WITH ending AS (
    SELECT
        provider_id,
        trajectory_id,
        client_key,
        end_date,
        ROW_NUMBER() OVER (PARTITION BY provider_id, client_key, end_date ORDER BY start_date DESC, trajectory_id) AS choice
    FROM client_trajectory
    WHERE year = $year
        AND date_part('year', end_date) = year
        AND close_reason NOT IN ('administratief', 'overleden')
        AND client_key IS NOT NULL
),
course AS (
    SELECT
        provider_id,
        client_key,
        start_date,
        CASE
            WHEN end_date IS NULL THEN make_date(year + 1, 1, 1)
            WHEN close_reason = 'administratief' THEN end_date + INTERVAL '31 days'
            ELSE end_date
        END AS runs_until
    FROM client_trajectory
    WHERE year BETWEEN $year - 1 AND $year + 1 AND start_date IS NOT NULL AND client_key IS NOT NULL
),
followed AS (
    SELECT DISTINCT provider_id
    FROM client_trajectory
    WHERE year = $year + 1
),
left_care AS (
    SELECT
        ending.provider_id,
        ending.trajectory_id,
        ending.end_date,
        MIN(CASE WHEN course.start_date > ending.end_date THEN course.start_date END) AS next_start
    FROM ending
    JOIN followed ON followed.provider_id = ending.provider_id
    LEFT JOIN course ON course.provider_id = ending.provider_id AND course.client_key = ending.client_key
    WHERE ending.choice = 1
    GROUP BY ending.provider_id, ending.trajectory_id, ending.end_date
    HAVING SUM(CASE WHEN course.start_date <= ending.end_date AND course.runs_until > ending.end_date THEN 1 ELSE 0 END) = 0
),
marked AS (
    SELECT provider_id, trajectory_id, MAX(answer) AS mark
    FROM experience_answer
    WHERE year = $year AND scale = 'rapportcijfer' AND trajectory_id IS NOT NULL
    GROUP BY provider_id, trajectory_id
)
SELECT
    closed_trajectory.provider_id,
    register.group_id,
    register.kind AS provider_class,
    register.region AS province,
    client_trajectory.client_key,
    closed_trajectory.diagnosis_group,
    closed_trajectory.age_at_start,
    closed_trajectory.sex,
    COALESCE(closed_trajectory.direct_minutes, 0) AS minutes,
    CAST(closed_trajectory.end_date AS INT) - CAST(closed_trajectory.start_date AS INT) AS days,
    closed_trajectory.incomplete,
    CASE
        WHEN left_care.trajectory_id IS NOT NULL
            THEN COALESCE(CAST(left_care.next_start AS INT) - CAST(left_care.end_date AS INT) <= 365, FALSE)
    END AS back_in_care,
    treatment_effect.outcome AS rom_category,
    CASE
        WHEN NOT closed_trajectory.incomplete
            AND closed_trajectory.scheme = 'ZPM'
            AND COALESCE(closed_trajectory.minutes_source, 'exact') = 'exact'
            AND closed_trajectory.direct_minutes > 0
            THEN CAST(closed_trajectory.direct_minutes AS DOUBLE)
    END AS counted_minutes,
    CASE
        WHEN NOT closed_trajectory.incomplete
            AND closed_trajectory.scheme = CASE WHEN closed_trajectory.year < 2022 THEN 'GBGGZ' ELSE 'ZPM' END
            THEN CAST(CAST(closed_trajectory.end_date AS INT) - CAST(closed_trajectory.start_date AS INT) AS DOUBLE)
    END AS counted_days,
    treatment_effect.change AS rom_change,
    marked.mark
FROM closed_trajectory
JOIN client_trajectory
    ON client_trajectory.year = closed_trajectory.year
    AND client_trajectory.provider_id = closed_trajectory.provider_id
    AND client_trajectory.trajectory_id = closed_trajectory.trajectory_id
LEFT JOIN register ON register.provider_id = closed_trajectory.provider_id
LEFT JOIN left_care
    ON left_care.provider_id = closed_trajectory.provider_id
    AND left_care.trajectory_id = closed_trajectory.trajectory_id
LEFT JOIN treatment_effect
    ON treatment_effect.year = closed_trajectory.year
    AND treatment_effect.provider_id = closed_trajectory.provider_id
    AND treatment_effect.trajectory_id = closed_trajectory.trajectory_id
LEFT JOIN marked
    ON marked.provider_id = closed_trajectory.provider_id
    AND marked.trajectory_id = closed_trajectory.trajectory_id
WHERE closed_trajectory.year = $year
