-- Who counts: questionnaires of the report year with an answered scale uitvoering_behandeling, anonymous ones too; one for each
-- trajectory (views/experience_answer.sql). Value: the mean of the items of the scale, 1 to 5.
-- age_at_start, education: of the client of the trajectory; NULL where the questionnaire is anonymous.
SELECT provider_id, CAST(source_row AS VARCHAR) AS unit_id, answer AS value, age_at_start, education
FROM experience_answer
WHERE year = $year AND scale = 'uitvoering_behandeling'
