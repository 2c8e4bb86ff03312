-- Who counts: every trajectory of every delivery, open ones too, with what was known of the client before the start. Only these
-- characteristics may adjust a place (statistics 8): minutes, sessions and how it ended are what an indicator is about.
-- age_at_start: year of the start minus year of birth. NULL in a characteristic: not delivered, or delivered as unknown.
-- diagnosis_group: with a privacy statement the diagnosis is absent by law, which is another thing than missing (domain 5.3 and
-- trap 4). A diagnosis that was delivered all the same is not used.
SELECT
    year,
    provider_id,
    trajectory_id,
    client_key,
    source_row,
    start_date,
    end_date,
    close_reason,
    scheme,
    product,
    minutes_source,
    direct_minutes,
    CAST(date_part('year', start_date) AS INT) - birth_year AS age_at_start,
    CASE WHEN sex <> 'onbekend' THEN sex END AS sex,
    CASE WHEN COALESCE(privacy_optout, FALSE) THEN 'unknown_privacy' ELSE diagnosis_group END AS diagnosis_group,
    care_demand_type,
    CASE WHEN education <> 'onbekend' THEN education END AS education,
    CASE WHEN work THEN 'ja' WHEN NOT work THEN 'nee' END AS work,
    CASE WHEN earlier_treatment THEN 'ja' WHEN NOT earlier_treatment THEN 'nee' END AS earlier_treatment,
    referrer
FROM trajectory
