-- Who counts: people who finished treatment and started at caseness. Met: recovered, and the change is larger than the measurement error.
-- Counts are rounded to 5 by the publisher; a suppressed count is NULL and stays so.
SELECT provider_id, reliable_recovery AS numerator, at_caseness AS denominator
FROM provider_year
WHERE year = $year
