-- Who counts: questionnaires of the report year with a mark, anonymous ones too; one for each trajectory
-- (views/experience_answer.sql). Value: the mark, 0 to 10.
-- age_at_start, education: of the client of the trajectory; NULL where the questionnaire is anonymous.
SELECT provider_id, CAST(source_row AS VARCHAR) AS unit_id, answer AS value, age_at_start, education
FROM experience_answer
WHERE year = $year AND scale = 'rapportcijfer'
