-- Each trajectory of the deliveries of the report year, and why it does not count for duur-in-dagen: the first reason that applies, NULL
-- for one that counts.
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
        WHEN trajectory.scheme <> CASE WHEN $year < 2022 THEN 'GBGGZ' ELSE 'ZPM' END THEN 'ander stelsel dan dat van het verslagjaar'
        WHEN trajectory.start_date IS NULL THEN 'de startdatum ontbreekt'
    END AS reason
FROM trajectory
LEFT JOIN closed_trajectory
    ON closed_trajectory.year = trajectory.year
    AND closed_trajectory.provider_id = trajectory.provider_id
    AND closed_trajectory.trajectory_id = trajectory.trajectory_id
WHERE trajectory.year = $year
