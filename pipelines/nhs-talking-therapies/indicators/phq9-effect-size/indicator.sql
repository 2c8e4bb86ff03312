-- Who counts: finished courses of treatment, all problems together (the rows `Total`; the other rows overlap).
-- One row per form of therapy; the engine pools them. Value: start minus end, so positive is improvement.
SELECT
    provider_id,
    finished AS n,
    mean_phq9_start AS mean_start,
    sd_phq9_start AS sd_start,
    mean_phq9_end AS mean_end,
    sd_phq9_end AS sd_end
FROM provider_outcome
WHERE year = $year AND problem = 'Total'
