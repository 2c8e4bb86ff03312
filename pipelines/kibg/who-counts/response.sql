-- Each trajectory of the deliveries of the report year, and why it does not count for respons-clientervaring: the first reason that
-- applies, NULL for one that counts.
WITH answers AS (
    SELECT provider_id, COUNT(*) AS answers, SUM(CASE WHEN trajectory_id IS NULL THEN 1 ELSE 0 END) AS anonymous
    FROM experience_answer
    WHERE year = $year
    GROUP BY provider_id
)
SELECT
    trajectory.provider_id,
    trajectory.trajectory_id AS unit_id,
    trajectory.client_key,
    trajectory.source_file,
    trajectory.source_row,
    CASE
        WHEN trajectory.end_date IS NULL THEN 'loopt nog: er is geen einddatum'
        WHEN trajectory.close_reason IS NULL THEN 'de reden van afsluiten ontbreekt'
        WHEN trajectory.close_reason = 'administratief' THEN 'administratieve afsluiting: dat is geen einde van de behandeling'
        WHEN trajectory.close_reason = 'overleden' THEN 'de cliënt is overleden'
        WHEN answers.answers IS NULL THEN 'er is geen enkel antwoord op de CQi aangeleverd'
        WHEN answers.anonymous * 10 > answers.answers THEN 'meer dan een op de tien antwoorden is anoniem, zodat de respons onbekend is'
    END AS reason
FROM trajectory
LEFT JOIN answers ON answers.provider_id = trajectory.provider_id
WHERE trajectory.year = $year
