-- Who counts: people who finished a course of treatment. Met: improved by more than the measurement error.
-- Counts are rounded to 5 by the publisher; a suppressed count is NULL and stays so.
SELECT provider_id, improvement AS numerator, finished_course_treatment AS denominator
FROM provider_year
WHERE year = $year
