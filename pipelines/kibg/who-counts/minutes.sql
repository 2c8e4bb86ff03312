-- Each trajectory of the deliveries of the report year, and why it does not count for behandelminuten and boven-540-minuten: the first
-- reason that applies, NULL for one that counts. The conditions are those of indicator.sql, one by one.
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
        WHEN trajectory.product = 'O' THEN 'onvolledig traject: geregistreerd met product O'
        WHEN closed_trajectory.incomplete THEN 'onvolledig traject: hoogstens 120 directe minuten en een reden van afsluiten die daarbij hoort'
        WHEN trajectory.scheme IS NULL THEN 'het stelsel ontbreekt'
        WHEN trajectory.scheme <> 'ZPM' THEN 'ander stelsel dan het zorgprestatiemodel'
        WHEN trajectory.minutes_source <> 'exact' THEN 'de minuten zijn in klassen aangeleverd'
        WHEN closed_trajectory.direct_minutes IS NULL THEN 'de directe minuten ontbreken'
        WHEN closed_trajectory.direct_minutes <= 0 THEN 'er is geen enkele directe minuut'
    END AS reason
FROM trajectory
LEFT JOIN closed_trajectory
    ON closed_trajectory.year = trajectory.year
    AND closed_trajectory.provider_id = trajectory.provider_id
    AND closed_trajectory.trajectory_id = trajectory.trajectory_id
WHERE trajectory.year = $year
