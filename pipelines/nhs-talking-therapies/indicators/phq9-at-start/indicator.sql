-- Who counts: finished courses of treatment, all problems together (the rows `Total`; the other rows overlap).
-- One row per form of therapy; the engine pools them.
SELECT provider_id, finished AS n, mean_phq9_start AS mean, sd_phq9_start AS sd
FROM provider_outcome
WHERE year = $year AND problem = 'Total'
