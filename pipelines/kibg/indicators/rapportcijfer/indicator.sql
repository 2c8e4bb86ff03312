-- Who counts: answered questionnaires on client experience of the report year with a mark. Value: the mark, 0 to 10.
SELECT provider_id, CAST(source_row AS VARCHAR) AS unit_id, CAST(mark AS DOUBLE) AS value
FROM experience
WHERE year = $year AND mark IS NOT NULL
