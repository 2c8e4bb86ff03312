-- Each trajectory of the deliveries of the report year, and why it does not count for wachttijd: the first reason that applies, NULL for
-- one that counts.
SELECT
    provider_id,
    trajectory_id AS unit_id,
    client_key,
    source_file,
    source_row,
    CASE
        WHEN start_date IS NULL THEN 'de startdatum ontbreekt'
        WHEN start_date < $period_start THEN 'begonnen vóór het verslagjaar'
        WHEN start_date > $period_end THEN 'begonnen na het verslagjaar'
        WHEN referral_date IS NULL THEN 'de datum van verwijzing ontbreekt'
        WHEN intake_date IS NULL THEN 'de datum van de intake ontbreekt'
        WHEN intake_date < referral_date THEN 'de intake ligt vóór de verwijzing'
    END AS reason
FROM trajectory
WHERE year = $year
