-- Each trajectory of the deliveries of the report year, and why it does not count for blended: the first reason that applies, NULL for
-- one that counts.
SELECT
    provider_id,
    trajectory_id AS unit_id,
    client_key,
    source_file,
    source_row,
    CASE
        WHEN end_date IS NULL THEN 'loopt nog: er is geen einddatum'
        WHEN close_reason IS NULL THEN 'de reden van afsluiten ontbreekt'
        WHEN close_reason = 'administratief' THEN 'administratieve afsluiting: dat is geen einde van de behandeling'
        WHEN blended IS NULL THEN 'niet aangeleverd of een deel van de behandeling online was'
    END AS reason
FROM trajectory
WHERE year = $year
