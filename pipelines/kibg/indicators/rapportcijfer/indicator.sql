-- Who counts: answered questionnaires on client experience of the report year with a mark, anonymous ones too.
-- The mark has a row of its own (scale `rapportcijfer`): a mark repeated on the rows of other scales would count one
-- questionnaire more than once. Value: the mark, 0 to 10.
SELECT provider_id, CAST(source_row AS VARCHAR) AS unit_id, CAST(mark AS DOUBLE) AS value
FROM experience
WHERE year = $year AND lower(scale) = 'rapportcijfer' AND mark IS NOT NULL
