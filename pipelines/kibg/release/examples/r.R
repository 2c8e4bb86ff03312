# In the folder of the release: Rscript examples/r.R (package nanoparquet)
library(nanoparquet)

files <- list.files("data/trajectories", pattern = "[.]parquet$", full.names = TRUE)
trajectories <- do.call(rbind, lapply(files, read_parquet))

# Trajectories by year and part of the country; * is withheld.
print(table(trajectories$year, trajectories$region))

# The share that improved, by diagnosis, where there is a pair of measurements.
measured <- subset(trajectories, rom_category != "geen_paar")
measured$improved <- measured$rom_category %in% c("hersteld", "verbeterd")
print(aggregate(improved ~ year + diagnosis_group, data = measured, FUN = mean))
