# Times metafor on the data that benchmarks/stats.py wrote:
#   Rscript benchmarks/metafor.R FILE.csv
# FILE has the columns analysis, yi, vi. Prints processor seconds per analysis as JSON.

suppressPackageStartupMessages({library(metafor); library(jsonlite)})
d <- read.csv(commandArgs(trailingOnly = TRUE)[1])
parts <- split(d, d$analysis)
seconds <- function(fit) {
  fit(parts[[1]])
  times <- replicate(9, sum(system.time(for (p in parts) fit(p))[c("user.self", "sys.self")]))
  min(times) / length(parts)
}
quietly <- function(f) function(p) suppressWarnings(tryCatch(f(p), error = function(e) NULL))
cat(toJSON(list(
  version = as.character(packageVersion("metafor")),
  reml = seconds(quietly(function(p) rma(p$yi, p$vi, method = "REML"))),
  reml_interval = seconds(quietly(function(p) confint(rma(p$yi, p$vi, method = "REML")))),
  dl = seconds(quietly(function(p) rma(p$yi, p$vi, method = "DL"))),
  dl_interval = seconds(quietly(function(p) confint(rma(p$yi, p$vi, method = "DL"))))
), auto_unbox = TRUE, digits = NA))
