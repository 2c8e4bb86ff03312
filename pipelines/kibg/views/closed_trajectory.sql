-- Trajectories closed in the year of their delivery, with their direct minutes and whether they stayed incomplete.
-- Minutes: the sum of the sessions where sessions were delivered, else the total that was delivered.
-- Incomplete (definition OT-2025.1): at most 120 direct minutes and closed for another reason than a finished treatment
-- (domain 5.2: the reasons of the former incomplete product). Administrative closings are no ending and do not count.
WITH session_minutes AS (
    SELECT year, provider_id, trajectory_id, SUM(direct_minutes) AS direct_minutes
    FROM session
    GROUP BY year, provider_id, trajectory_id
),
closed AS (
    SELECT
        trajectory.year,
        trajectory.provider_id,
        trajectory.trajectory_id,
        trajectory.start_date,
        trajectory.end_date,
        trajectory.close_reason,
        trajectory.scheme,
        trajectory.minutes_source,
        COALESCE(session_minutes.direct_minutes, CAST(trajectory.direct_minutes AS BIGINT)) AS direct_minutes
    FROM trajectory
    LEFT JOIN session_minutes
        ON session_minutes.year = trajectory.year
        AND session_minutes.provider_id = trajectory.provider_id
        AND session_minutes.trajectory_id = trajectory.trajectory_id
    WHERE trajectory.end_date IS NOT NULL AND trajectory.close_reason <> 'administratief'
)
SELECT
    year,
    provider_id,
    trajectory_id,
    start_date,
    end_date,
    close_reason,
    scheme,
    minutes_source,
    direct_minutes,
    COALESCE(direct_minutes, 0) <= 120
        AND close_reason IN (
            'geen_stoornis', 'te_zwaar', 'voortijdig_client', 'voortijdig_aanbieder', 'overleden', 'overig'
        ) AS incomplete
FROM closed
