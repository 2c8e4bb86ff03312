"""In the folder of the release: spark-submit examples/spark.py (Spark 3.5 or later)."""

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("release").getOrCreate()
trajectories = spark.read.parquet("data/trajectories")

# Trajectories by year and part of the country; * is withheld.
trajectories.groupBy("year", "region").count().orderBy("year", "region").show(200)
