-- In the folder of the release: datafusion-cli -f examples/datafusion.sql
CREATE EXTERNAL TABLE trajectories STORED AS PARQUET LOCATION 'data/trajectories/';
CREATE EXTERNAL TABLE measures STORED AS PARQUET LOCATION 'data/measures/';
CREATE EXTERNAL TABLE provider_distribution STORED AS PARQUET LOCATION 'data/provider_distribution/';

-- Trajectories by year and part of the country; * is withheld.
SELECT year, region, count(*) AS trajectories FROM trajectories GROUP BY year, region ORDER BY year, region;

-- National figures.
SELECT year, measure, statistic, value, n_rounded FROM measures WHERE dimension_set = 'total' ORDER BY year, measure, statistic;
