-- Who counts: closed trajectories with a measurement before and after within one instrument and scale, both in their window,
-- the one before on an earlier day. One row for each instrument and scale: of several measurements the two whose distances
-- to the first and the last date are smallest together; then the earliest before, then the latest after (domain 4.2).
-- days_off: those two distances together.
-- Only groups with several measurements of a moment have pairs to choose from; the others are their pair.
WITH ranked AS (
    SELECT
        first.year,
        first.provider_id,
        first.trajectory_id,
        first.instrument,
        first.scale,
        first.source_row AS first_row,
        last.source_row AS last_row,
        first.date AS first_date,
        last.date AS last_date,
        first.score AS first_score,
        last.score AS last_score,
        first.days_off + last.days_off AS days_off,
        ROW_NUMBER() OVER (
            PARTITION BY first.year, first.provider_id, first.trajectory_id, first.instrument, first.scale
            ORDER BY first.days_off + last.days_off, first.date, last.date DESC, first.source_row, last.source_row
        ) AS choice
    FROM measurement_group
    JOIN measurement_fit AS first
        ON first.year = measurement_group.year
        AND first.provider_id = measurement_group.provider_id
        AND first.trajectory_id = measurement_group.trajectory_id
        AND first.instrument = measurement_group.instrument
        AND first.scale = measurement_group.scale
    JOIN measurement_fit AS last
        ON last.year = first.year
        AND last.provider_id = first.provider_id
        AND last.trajectory_id = first.trajectory_id
        AND last.instrument = first.instrument
        AND last.scale = first.scale
        AND first.date < last.date
    WHERE (measurement_group.first_count > 1 OR measurement_group.last_count > 1)
        AND first.moment = 'voor'
        AND last.moment = 'na'
        AND first.in_window
        AND last.in_window
)
SELECT
    year,
    provider_id,
    trajectory_id,
    instrument,
    scale,
    first_row,
    last_row,
    first_date,
    last_date,
    first_score,
    last_score,
    days_off
FROM ranked
WHERE choice = 1
UNION ALL
SELECT
    year,
    provider_id,
    trajectory_id,
    instrument,
    scale,
    first_row,
    last_row,
    earliest_first AS first_date,
    latest_last AS last_date,
    first_score,
    last_score,
    days_off
FROM measurement_group
WHERE first_count = 1 AND last_count = 1 AND earliest_first < latest_last
