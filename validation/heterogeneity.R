# Makes reference values of the further estimators of tau2, Baujat and radial coordinates and permutation
# tests of moderators:
#   Rscript validation/heterogeneity.R tests/reference/heterogeneity
# Effects and variances come from metafor.json in that folder.

suppressPackageStartupMessages({library(metafor); library(jsonlite)})
out <- commandArgs(trailingOnly = TRUE)[1]
sets <- fromJSON(file.path(out, "metafor.json"))$sets
source_text <- paste0("metafor ", packageVersion("metafor"), ", R ", getRversion(), "; validation/heterogeneity.R")

scale_of <- function(d) median(d$vi) + max(0, var(d$yi) - mean(d$vi))
part <- function(f) list(tau2 = f$tau2, se_tau2 = f$se.tau2)
estimators <- function(d) {
  s <- scale_of(d)
  dl <- rma(d$yi, d$vi, method = "DL")
  list(HSk = part(rma(d$yi, d$vi, method = "HSk")),
       PMM = part(rma(d$yi, d$vi, method = "PMM", control = list(tol = 1e-14 * s, maxiter = 10000,
                                                                 tau2.max = 1e4 * s))),
       GENQ = part(rma(d$yi, d$vi, method = "GENQ", weights = 1 / sqrt(d$vi))),
       # two-step DL is GENQ with the weights of DL
       DL2 = part(rma(d$yi, d$vi, method = "GENQ", weights = 1 / (d$vi + dl$tau2))))
}
baujat_of <- function(d, method) {
  pdf(NULL)
  b <- baujat(rma(d$yi, d$vi, method = method))
  dev.off()
  list(x = b$x, y = b$y)
}
gosh_of <- function(d, method) {  # tau2 by REML stops at its own tolerance, so DL and EE only
  g <- gosh(rma(d$yi, d$vi, method = method), progbar = FALSE)
  code <- as.numeric(g$incl %*% 2^(seq_along(d$yi) - 1))
  list(code = code, estimate = g$res[, "estimate"], i2 = g$res[, "I2"], q = g$res[, "QE"])
}
diagnostics <- function(d) list(baujat = list(DL = baujat_of(d, "DL"), EE = baujat_of(d, "EE")))

permuted <- function(name) {
  d <- sets[[name]]
  x <- seq_along(d$yi)^2
  one <- function(method, test) {
    p <- permutest(rma(d$yi, d$vi, mods = x, method = method, test = test), exact = TRUE, progbar = FALSE)
    list(method = method, test = test, pval = p$pval, qm_pval = p$QMp)
  }
  list(set = name, x = x, values = list(one("DL", "z"), one("DL", "knha"), one("EE", "z")))
}

value <- list(source = source_text,
              estimators = lapply(sets, estimators),
              gosh = list(set = "hart1999__IRR", values = lapply(c(DL = "DL", EE = "EE"), function(m)
                gosh_of(sets[["hart1999__IRR"]], m))),
              diagnostics = lapply(sets[c("bcg__RR", "hart1999__IRR", "raudenbush1985__SMD")], diagnostics),
              permutation = lapply(c("hart1999__IRR", "morris2008_C__MC"), permuted))
writeLines(toJSON(value, digits = NA, auto_unbox = TRUE, null = "null", na = "null"), file.path(out, "estimators.json"))
