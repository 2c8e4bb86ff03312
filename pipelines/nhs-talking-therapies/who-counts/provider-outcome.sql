-- The rows of totals of each provider, by problem and form of therapy, and why one gives no value: the first reason that applies, NULL
-- for one that counts; with the numbers that indicator.sql uses.
-- $indicator: the id of the indicator.
SELECT
    provider_id,
    problem || ' / ' || therapy AS unit_id,
    source_file,
    source_row,
    CASE
        WHEN problem <> 'Total' THEN 'one problem: counts in the row of all problems together already'
        WHEN finished IS NULL THEN 'the number was not published'
        WHEN $indicator LIKE 'phq9-%' AND (mean_phq9_start IS NULL OR sd_phq9_start IS NULL) THEN 'mean or spread at the start was not published'
        WHEN $indicator IN ('phq9-change', 'phq9-effect-size') AND (mean_phq9_end IS NULL OR sd_phq9_end IS NULL)
            THEN 'mean or spread at the end was not published'
        WHEN $indicator LIKE 'gad7-%' AND (mean_gad7_start IS NULL OR sd_gad7_start IS NULL) THEN 'mean or spread at the start was not published'
        WHEN $indicator LIKE 'gad7-%' AND (mean_gad7_end IS NULL OR sd_gad7_end IS NULL) THEN 'mean or spread at the end was not published'
    END AS reason,
    finished AS n,
    mean_phq9_start AS mean,
    sd_phq9_start AS sd,
    CASE WHEN $indicator LIKE 'phq9-%' THEN mean_phq9_start ELSE mean_gad7_start END AS mean_start,
    CASE WHEN $indicator LIKE 'phq9-%' THEN sd_phq9_start ELSE sd_gad7_start END AS sd_start,
    CASE WHEN $indicator LIKE 'phq9-%' THEN mean_phq9_end ELSE mean_gad7_end END AS mean_end,
    CASE WHEN $indicator LIKE 'phq9-%' THEN sd_phq9_end ELSE sd_gad7_end END AS sd_end
FROM provider_outcome
WHERE year = $year
