"""In the folder of the release: python examples/polars_example.py (polars 1.0 or later)."""

import polars as pl

trajectories = pl.scan_parquet("data/trajectories/*.parquet")
measures = pl.scan_parquet("data/measures/*.parquet")

# Trajectories by year and part of the country; * is withheld.
print(trajectories.group_by("year", "region").len().sort("year", "region").collect())

# The share that improved, by diagnosis, where there is a pair of measurements.
improved = pl.col("rom_category").is_in(["hersteld", "verbeterd"]).mean().alias("improved")
measured = trajectories.filter(pl.col("rom_category") != "geen_paar")
print(measured.group_by("year", "diagnosis_group").agg(improved, pl.len()).sort("year", "diagnosis_group").collect())

# National figures.
print(measures.filter(pl.col("dimension_set") == "total").select("year", "measure", "statistic", "value", "n_rounded").collect())
