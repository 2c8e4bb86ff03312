-- Who counts: finished courses of treatment in the report year, by age group and gender. NULL where the publisher suppressed.
SELECT provider_id, characteristic, category, units
FROM provider_population
WHERE year = $year
    AND measure = 'finished_course_treatment'
    AND characteristic IN ('Age Group', 'Gender')
