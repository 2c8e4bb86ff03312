-- Who counts: clients who left care in the year before the report year, once for each time that they left (decision 26): 365 days
-- later is then within the report year, so that the follow-up of everybody is complete (statistics 6.14). Endings of the report year
-- itself are not followed for a year: they have no `met` and count in the Kaplan-Meier estimate beside the share only. The provider
-- delivered both years; without the report year nothing was seen.
-- Left care: the end of a trajectory on which no other trajectory of the client at this provider runs, begins or still has to end.
-- Two that end on one day are one ending. An administrative closing is no ending, and care is taken to go on for 31 days after it
-- [DESIGN], so that what is carried over is neither an ending nor a return (domain, traps 2 and 3). Who died cannot come back.
-- Met: a new trajectory of the same client at the same provider (decision 10) that starts after the end, at most 365 days later,
-- whether it was closed, is still open or turned out incomplete.
-- days: to the first new start (event), or to the end of what was seen.
WITH ending AS (
    SELECT
        year,
        provider_id,
        trajectory_id,
        client_key,
        end_date,
        diagnosis_group,
        earlier_treatment,
        ROW_NUMBER() OVER (PARTITION BY year, provider_id, client_key, end_date ORDER BY start_date DESC, trajectory_id) AS choice
    FROM client_trajectory
    WHERE year BETWEEN $year - 1 AND $year
        AND date_part('year', end_date) = year
        AND close_reason NOT IN ('administratief', 'overleden')
        AND client_key IS NOT NULL
),
-- Every delivery says how far a trajectory had come: an open one ran until the end of its year.
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
    WHERE year BETWEEN $year - 2 AND $year AND start_date IS NOT NULL AND client_key IS NOT NULL
),
followed AS (
    SELECT DISTINCT provider_id
    FROM client_trajectory
    WHERE year = $year
),
seen AS (
    SELECT
        ending.year,
        ending.provider_id,
        ending.trajectory_id,
        ending.end_date,
        ending.diagnosis_group,
        ending.earlier_treatment,
        MIN(CASE WHEN course.start_date > ending.end_date THEN course.start_date END) AS next_start
    FROM ending
    JOIN followed ON followed.provider_id = ending.provider_id
    LEFT JOIN course ON course.provider_id = ending.provider_id AND course.client_key = ending.client_key
    WHERE ending.choice = 1
    GROUP BY ending.year, ending.provider_id, ending.trajectory_id, ending.end_date, ending.diagnosis_group, ending.earlier_treatment
    HAVING SUM(CASE WHEN course.start_date <= ending.end_date AND course.runs_until > ending.end_date THEN 1 ELSE 0 END) = 0
)
SELECT
    provider_id,
    CAST(year AS VARCHAR) || '/' || trajectory_id AS unit_id,
    CASE
        WHEN date_part('year', end_date) = $year - 1 THEN COALESCE(CAST(next_start AS INT) - CAST(end_date AS INT) <= 365, FALSE)
    END AS met,
    CAST(COALESCE(next_start, $period_end) AS INT) - CAST(end_date AS INT) AS days,
    next_start IS NOT NULL AS event,
    diagnosis_group,
    earlier_treatment
FROM seen
