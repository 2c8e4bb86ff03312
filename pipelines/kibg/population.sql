-- Who counts: trajectories closed in the report year, administrative closings left out. units: how many fall in the category.
-- A client whose age is unknown is left out of the ages only. diagnosis: absent by law with a privacy statement, which is a category
-- of its own (views/client_trajectory.sql); in the zorgprestatiemodel the profile often takes its place (domain, trap 4).
-- severity: of the measurement before treatment, against the norm of the year (views/severity_at_start.sql); unknown without one.
WITH rated AS (
    SELECT provider_id, trajectory_id, severity
    FROM severity_at_start
    WHERE year = $year
),
closed AS (
    SELECT
        client_trajectory.provider_id,
        client_trajectory.age_at_start AS age,
        client_trajectory.sex,
        client_trajectory.diagnosis_group,
        client_trajectory.care_demand_type,
        client_trajectory.product,
        client_trajectory.referrer,
        rated.severity
    FROM client_trajectory
    LEFT JOIN rated
        ON rated.provider_id = client_trajectory.provider_id AND rated.trajectory_id = client_trajectory.trajectory_id
    WHERE client_trajectory.year = $year
        AND client_trajectory.end_date IS NOT NULL
        AND client_trajectory.close_reason <> 'administratief'
),
described AS (
    SELECT
        provider_id,
        'age' AS characteristic,
        CASE
            WHEN age < 25 THEN 'to_24'
            WHEN age < 35 THEN '25_34'
            WHEN age < 45 THEN '35_44'
            WHEN age < 55 THEN '45_54'
            WHEN age < 65 THEN '55_64'
            ELSE 'from_65'
        END AS category
    FROM closed
    WHERE age IS NOT NULL
    UNION ALL
    SELECT
        provider_id,
        'sex' AS characteristic,
        CASE WHEN sex IN ('m', 'v') THEN sex ELSE 'x' END AS category
    FROM closed
    UNION ALL
    SELECT
        provider_id,
        'diagnosis' AS characteristic,
        CASE
            WHEN diagnosis_group IS NULL THEN 'unknown'
            WHEN diagnosis_group IN ('depressief', 'angst', 'trauma', 'unknown_privacy') THEN diagnosis_group
            ELSE 'other'
        END AS category
    FROM closed
    UNION ALL
    SELECT
        provider_id,
        'care_demand_type' AS characteristic,
        CASE
            WHEN care_demand_type IS NULL THEN 'unknown'
            WHEN care_demand_type IN ('1', '2') THEN '1_2'
            WHEN care_demand_type IN ('3', '4') THEN '3_4'
            WHEN care_demand_type IN ('5', '6', '7', '8') THEN '5_8'
            ELSE 'from_10'
        END AS category
    FROM closed
    UNION ALL
    SELECT
        provider_id,
        'product' AS characteristic,
        CASE WHEN product IN ('K', 'M', 'I', 'C') THEN product ELSE 'other' END AS category
    FROM closed
    UNION ALL
    SELECT
        provider_id,
        'referrer' AS characteristic,
        CASE
            WHEN referrer IS NULL THEN 'unknown'
            WHEN referrer = 'huisarts' THEN 'huisarts'
            ELSE 'other'
        END AS category
    FROM closed
    UNION ALL
    SELECT
        provider_id,
        'severity' AS characteristic,
        COALESCE(severity, 'unknown') AS category
    FROM closed
)
SELECT provider_id, characteristic, category, COUNT(*) AS units
FROM described
GROUP BY provider_id, characteristic, category
