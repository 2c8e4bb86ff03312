-- Who counts: people who finished treatment and started at caseness. Met: moved from above to below the threshold on both scales.
-- Counts are rounded to 5 by the publisher; a suppressed count is NULL and stays so.
SELECT provider_id, recovery AS numerator, at_caseness AS denominator
FROM provider_year
WHERE year = $year
