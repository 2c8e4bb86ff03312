-- The row of totals of each provider, and why it gives no value: the first reason that applies, NULL for one that counts; with the
-- numbers that indicator.sql uses.
-- $indicator: the id of the indicator.
WITH counted AS (
    SELECT
        provider_id,
        year,
        source_file,
        source_row,
        CASE
            WHEN $indicator = 'deterioration' THEN deterioration
            WHEN $indicator = 'recovery' THEN recovery
            WHEN $indicator = 'reliable-improvement' THEN improvement
            WHEN $indicator = 'reliable-recovery' THEN reliable_recovery
        END AS numerator,
        CASE WHEN $indicator IN ('recovery', 'reliable-recovery') THEN at_caseness ELSE finished_course_treatment END AS denominator
    FROM provider_year
    WHERE year = $year
)
SELECT
    provider_id,
    CAST(year AS VARCHAR) AS unit_id,
    source_file,
    source_row,
    CASE
        WHEN denominator IS NULL THEN 'the denominator was not published'
        WHEN denominator <= 0 THEN 'the denominator is zero'
        WHEN numerator IS NULL THEN 'the numerator was not published'
    END AS reason,
    numerator,
    denominator
FROM counted
