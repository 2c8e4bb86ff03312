-- Each trajectory of the deliveries of the report year, and why it does not count for the indicators on the effect of treatment: the
-- first reason that applies, NULL for one that counts (views/treatment_effect.sql).
WITH fit AS (
    SELECT
        provider_id,
        trajectory_id,
        SUM(CASE WHEN moment = 'voor' THEN 1 ELSE 0 END) AS first_count,
        SUM(CASE WHEN moment = 'na' THEN 1 ELSE 0 END) AS last_count,
        SUM(CASE WHEN moment = 'voor' AND in_window THEN 1 ELSE 0 END) AS first_in_window,
        SUM(CASE WHEN moment = 'na' AND in_window THEN 1 ELSE 0 END) AS last_in_window
    FROM measurement_fit
    WHERE year = $year
    GROUP BY provider_id, trajectory_id
),
paired AS (
    SELECT
        measurement_pair.provider_id,
        measurement_pair.trajectory_id,
        SUM(CASE WHEN instrument_scale.effect THEN 1 ELSE 0 END) AS effect_count,
        SUM(CASE WHEN instrument_scale.effect AND instrument_norm.instrument IS NOT NULL THEN 1 ELSE 0 END) AS norm_count
    FROM measurement_pair
    LEFT JOIN instrument_scale
        ON instrument_scale.instrument = measurement_pair.instrument AND instrument_scale.scale = measurement_pair.scale
    LEFT JOIN instrument_norm
        ON instrument_norm.instrument = measurement_pair.instrument AND instrument_norm.scale = measurement_pair.scale
    WHERE measurement_pair.year = $year
    GROUP BY measurement_pair.provider_id, measurement_pair.trajectory_id
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
        WHEN trajectory.product = 'O' THEN 'onvolledig traject: geregistreerd met product O'
        WHEN closed_trajectory.incomplete THEN 'onvolledig traject: hoogstens 120 directe minuten en een reden van afsluiten die daarbij hoort'
        WHEN COALESCE(fit.first_count, 0) = 0 AND COALESCE(fit.last_count, 0) = 0 THEN 'er is geen voormeting en geen nameting met een score'
        WHEN fit.first_count = 0 THEN 'er is geen voormeting met een score'
        WHEN fit.last_count = 0 THEN 'er is geen nameting met een score'
        WHEN fit.first_in_window = 0 THEN 'de voormeting ligt meer dan drie maanden van het begin van de behandeling'
        WHEN fit.last_in_window = 0 THEN 'de nameting ligt meer dan drie maanden van het einde van de behandeling'
        WHEN paired.trajectory_id IS NULL THEN 'voor- en nameting zijn niet van dezelfde vragenlijst en schaal, of de voormeting is niet van een eerdere dag'
        WHEN paired.effect_count = 0 THEN 'de schaal van voor- en nameting meet geen effect van de behandeling'
        WHEN paired.norm_count = 0 THEN 'van deze vragenlijst en schaal is er geen landelijke norm'
    END AS reason
FROM trajectory
LEFT JOIN closed_trajectory
    ON closed_trajectory.year = trajectory.year
    AND closed_trajectory.provider_id = trajectory.provider_id
    AND closed_trajectory.trajectory_id = trajectory.trajectory_id
LEFT JOIN fit ON fit.provider_id = trajectory.provider_id AND fit.trajectory_id = trajectory.trajectory_id
LEFT JOIN paired ON paired.provider_id = trajectory.provider_id AND paired.trajectory_id = trajectory.trajectory_id
WHERE trajectory.year = $year
