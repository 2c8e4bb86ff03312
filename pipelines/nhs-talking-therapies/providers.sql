-- Who gets a report: providers with a row in the report year. A suppressed count is NULL, not zero.
SELECT provider_id, finished_course_treatment AS clients, finished_course_treatment AS size
FROM provider_year
WHERE year = $year
