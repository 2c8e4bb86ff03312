-- Each answer of the report year on the scale of the indicator, and why it does not count: the first reason that applies, NULL for one
-- that counts (views/experience_answer.sql). Rows on other scales are no unit of this indicator and are left out.
-- $indicator: the id of the indicator.
WITH answered AS (
    SELECT
        year,
        provider_id,
        trajectory_id,
        source_file,
        source_row,
        version,
        replace(replace(lower(scale), ' ', '_'), '-', '_') AS scale,
        score,
        mark
    FROM experience
    WHERE year = $year
),
wanted AS (
    SELECT
        year,
        provider_id,
        trajectory_id,
        source_file,
        source_row,
        version,
        CASE
            WHEN scale IN ('informatie', 'informatie_behandeling') THEN 'informatie_behandeling'
            WHEN scale IN ('uitvoering', 'uitvoering_behandeling') THEN 'uitvoering_behandeling'
            ELSE scale
        END AS scale,
        CASE WHEN scale = 'rapportcijfer' THEN mark ELSE score END AS answer
    FROM answered
    WHERE ($indicator = 'bejegening' AND scale = 'bejegening')
        OR ($indicator = 'samen-beslissen' AND scale = 'samen_beslissen')
        OR ($indicator = 'informatie' AND scale IN ('informatie', 'informatie_behandeling'))
        OR ($indicator = 'uitvoering' AND scale IN ('uitvoering', 'uitvoering_behandeling'))
        OR ($indicator = 'rapportcijfer' AND scale = 'rapportcijfer')
)
SELECT
    wanted.provider_id,
    CAST(wanted.source_row AS VARCHAR) AS unit_id,
    trajectory.client_key,
    wanted.source_file,
    wanted.source_row,
    CASE
        WHEN wanted.scale = 'informatie_behandeling' AND wanted.version IS NULL THEN 'de versie van de vragenlijst ontbreekt'
        WHEN wanted.scale = 'informatie_behandeling' AND wanted.version <> 'AKWA' THEN 'alleen de versie AKWA heeft deze schaal'
        WHEN wanted.answer IS NULL THEN 'niet ingevuld'
        WHEN wanted.scale = 'rapportcijfer' AND wanted.answer NOT BETWEEN 0 AND 10 THEN 'het cijfer ligt niet tussen 0 en 10'
        WHEN wanted.scale <> 'rapportcijfer' AND wanted.answer NOT BETWEEN 1 AND 5 THEN 'de score ligt niet tussen 1 en 5'
        WHEN experience_answer.source_row IS NULL THEN 'van hetzelfde traject telt een later antwoord'
    END AS reason
FROM wanted
LEFT JOIN experience_answer
    ON experience_answer.year = wanted.year
    AND experience_answer.provider_id = wanted.provider_id
    AND experience_answer.source_row = wanted.source_row
    AND experience_answer.scale = wanted.scale
LEFT JOIN trajectory
    ON trajectory.year = wanted.year
    AND trajectory.provider_id = wanted.provider_id
    AND trajectory.trajectory_id = wanted.trajectory_id
