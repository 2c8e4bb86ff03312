-- In the folder of the release: duckdb < examples/duckdb.sql
CREATE VIEW trajectories AS SELECT * FROM 'data/trajectories/*.parquet';
CREATE VIEW measures AS SELECT * FROM 'data/measures/*.parquet';
CREATE VIEW codebook AS SELECT * FROM 'data/codebook/codebook.parquet';

-- Trajectories by year and part of the country; * is withheld.
SELECT year, region, count(*) AS trajectories FROM trajectories GROUP BY year, region ORDER BY year, region;

-- The share that improved, by diagnosis, where there is a pair of measurements.
SELECT year, diagnosis_group,
    avg(CASE WHEN rom_category IN ('hersteld', 'verbeterd') THEN 1.0 ELSE 0.0 END) AS improved, count(*) AS measured
FROM trajectories WHERE rom_category <> 'geen_paar' GROUP BY year, diagnosis_group ORDER BY year, diagnosis_group;

-- The published figures, and why some are withheld.
SELECT measure, conf_status, count(*) AS cells FROM measures GROUP BY measure, conf_status ORDER BY measure, conf_status;
