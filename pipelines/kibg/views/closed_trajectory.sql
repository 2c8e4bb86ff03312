-- Who counts: trajectories closed in the year of their delivery. An administrative closing is no ending and does not count;
-- an open trajectory has no end date and does not count.
-- direct_minutes: the sum of the sessions where sessions were delivered, else the total that was delivered.
-- first_date, last_date: the first and the last session where sessions were delivered, else start and end (domain 4.2).
-- Characteristics before the start are those of views/client_trajectory.sql.
-- incomplete (definition OT-2025.1): the provider registered the trajectory as incomplete (product O), or it has at most
-- 120 direct minutes and a close reason of the former incomplete product (domain 5.1 and 5.2). No minutes count as zero.
WITH closed AS (
    SELECT
        trajectory.year,
        trajectory.provider_id,
        trajectory.trajectory_id,
        trajectory.source_row,
        trajectory.start_date,
        trajectory.end_date,
        COALESCE(attendance.first_date, trajectory.start_date) AS first_date,
        COALESCE(attendance.last_date, trajectory.end_date) AS last_date,
        trajectory.close_reason,
        trajectory.scheme,
        trajectory.product,
        trajectory.minutes_source,
        COALESCE(attendance.direct_minutes, CAST(trajectory.direct_minutes AS BIGINT)) AS direct_minutes,
        trajectory.age_at_start,
        trajectory.sex,
        trajectory.diagnosis_group,
        trajectory.care_demand_type,
        trajectory.education,
        trajectory.work,
        trajectory.earlier_treatment,
        trajectory.referrer
    FROM client_trajectory AS trajectory
    LEFT JOIN attendance
        ON attendance.year = trajectory.year
        AND attendance.provider_id = trajectory.provider_id
        AND attendance.trajectory_id = trajectory.trajectory_id
    WHERE trajectory.end_date IS NOT NULL AND trajectory.close_reason <> 'administratief'
)
SELECT
    year,
    provider_id,
    trajectory_id,
    source_row,
    start_date,
    end_date,
    first_date,
    last_date,
    close_reason,
    scheme,
    product,
    minutes_source,
    direct_minutes,
    age_at_start,
    sex,
    diagnosis_group,
    care_demand_type,
    education,
    work,
    earlier_treatment,
    referrer,
    COALESCE(product, '') = 'O'
        OR (
            COALESCE(direct_minutes, 0) <= 120
            AND close_reason IN (
                'geen_stoornis', 'te_zwaar', 'voortijdig_client', 'voortijdig_aanbieder', 'overleden', 'overig'
            )
        ) AS incomplete
FROM closed
