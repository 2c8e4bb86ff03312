-- The rows of totals of each provider, by problem and form of therapy, and why one gives no value: the first reason that applies, NULL
-- for one that counts.
-- $indicator: the id of the indicator.
SELECT
    provider_id,
    problem || ' / ' || therapy AS unit_id,
    source_file,
    source_row,
    CASE
        WHEN problem <> 'Total' THEN 'één probleem: telt al mee in de rij van alle problemen samen'
        WHEN finished IS NULL THEN 'het aantal is niet gepubliceerd'
        WHEN $indicator LIKE 'phq9-%' AND (mean_phq9_start IS NULL OR sd_phq9_start IS NULL) THEN 'gemiddelde of spreiding bij de start is niet gepubliceerd'
        WHEN $indicator IN ('phq9-change', 'phq9-effect-size') AND (mean_phq9_end IS NULL OR sd_phq9_end IS NULL)
            THEN 'gemiddelde of spreiding bij het einde is niet gepubliceerd'
        WHEN $indicator LIKE 'gad7-%' AND (mean_gad7_start IS NULL OR sd_gad7_start IS NULL) THEN 'gemiddelde of spreiding bij de start is niet gepubliceerd'
        WHEN $indicator LIKE 'gad7-%' AND (mean_gad7_end IS NULL OR sd_gad7_end IS NULL) THEN 'gemiddelde of spreiding bij het einde is niet gepubliceerd'
    END AS reason
FROM provider_outcome
WHERE year = $year
