-- Who counts: answers to the CQi, one for each questionnaire and scale. The mark is an answer as well: it stands in a row of its
-- own (scale rapportcijfer), and a mark that is repeated beside another scale would count one questionnaire more than once.
-- The CQi is asked once, at the end of a trajectory (domain 3). Of several answers to one scale for one trajectory the last day
-- counts, and of one day the last row. Anonymous answers have no trajectory; each of them counts.
-- scale: how a provider writes it, without capitals, spaces and hyphens. Both versions have bejegening, samen_beslissen and
-- uitvoering_behandeling; informatie_behandeling is of AKWA only (AMB asks about medication and questionnaires, which is another
-- thing; domain 3). Other scales and loose questions are no scale of an indicator.
-- answer: a mean of items from 1 to 5; a mark from 0 to 10. The ranges of before 2016 (0-4 and 1-2) and percentages of the
-- maximum are not converted: what lies outside the range is left out (domain 3 and trap 8). A 1 to 4 of the old range looks like one
-- of the new; what keeps it out is that the versions of before 2016 are no version of the submission.
WITH named AS (
    SELECT
        year,
        provider_id,
        trajectory_id,
        source_row,
        date,
        version,
        replace(replace(lower(scale), ' ', '_'), '-', '_') AS scale,
        CAST(score AS DOUBLE) AS score,
        CAST(mark AS DOUBLE) AS mark
    FROM experience
),
answered AS (
    SELECT
        year,
        provider_id,
        trajectory_id,
        source_row,
        date,
        CASE
            WHEN scale IN ('informatie', 'informatie_behandeling') THEN 'informatie_behandeling'
            WHEN scale IN ('uitvoering', 'uitvoering_behandeling') THEN 'uitvoering_behandeling'
            ELSE scale
        END AS scale,
        CASE WHEN scale = 'rapportcijfer' THEN mark ELSE score END AS answer
    FROM named
    WHERE (scale = 'rapportcijfer' AND mark BETWEEN 0 AND 10)
        OR (scale IN ('bejegening', 'samen_beslissen', 'uitvoering', 'uitvoering_behandeling') AND score BETWEEN 1 AND 5)
        OR (scale IN ('informatie', 'informatie_behandeling') AND version = 'AKWA' AND score BETWEEN 1 AND 5)
),
ranked AS (
    SELECT
        year,
        provider_id,
        trajectory_id,
        source_row,
        scale,
        answer,
        ROW_NUMBER() OVER (
            PARTITION BY year, provider_id, trajectory_id, scale
            ORDER BY date DESC NULLS LAST, source_row DESC
        ) AS choice
    FROM answered
)
SELECT
    ranked.year,
    ranked.provider_id,
    ranked.trajectory_id,
    ranked.source_row,
    ranked.scale,
    ranked.answer,
    client_trajectory.age_at_start,
    client_trajectory.education
FROM ranked
LEFT JOIN client_trajectory
    ON client_trajectory.year = ranked.year
    AND client_trajectory.provider_id = ranked.provider_id
    AND client_trajectory.trajectory_id = ranked.trajectory_id
WHERE ranked.trajectory_id IS NULL OR ranked.choice = 1
