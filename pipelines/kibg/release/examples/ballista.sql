-- ballista-cli --host <scheduler> --port 50050 -f ballista.sql
-- The scheduler and every executor must see the same address: make LOCATION an absolute path on a shared disk, or s3://…
-- Under 50 million rows one DataFusion process is faster. Only built-in functions are used, so that executors need nothing.
CREATE EXTERNAL TABLE trajectories STORED AS PARQUET LOCATION 'data/trajectories/';

-- Trajectories by year and part of the country; * is withheld.
SELECT year, region, count(*) AS trajectories FROM trajectories GROUP BY year, region ORDER BY year, region;
