# Reference values for every pooled number of the bundled reviews, by metafor.
#
# Reads data/processed/<review>/effects.csv (the counts, means and SDs of each study) and writes
# tests/reference/reviews.json. Effects and variances are computed afresh by escalc from the counts
# and means, not taken from the pipeline; only reported effects (measure GEN) would be.
#
#   snakemake --cores 2   and then, with the environment active,   Rscript validation/reviews.R
#
# Needs the Debian packages r-cran-metafor and r-cran-jsonlite.

suppressMessages({ library(metafor); library(jsonlite) })

reviews <- c("msc_ra", "second_anti_tnf", "biologics_acr50")

effects_of <- function(rows) {
  measure <- rows$measure[1]
  if (measure %in% c("RR", "OR"))
    return(escalc(measure, ai = events1, n1i = n1, ci = events2, n2i = n2, data = rows))
  if (measure == "RD") { # zero cells: the estimate stays that of the counts, the variance is corrected
    plain <- escalc(measure, ai = events1, n1i = n1, ci = events2, n2i = n2, data = rows, to = "none")
    added <- escalc(measure, ai = events1, n1i = n1, ci = events2, n2i = n2, data = rows)
    return(data.frame(yi = c(plain$yi), vi = c(added$vi)))
  }
  if (measure %in% c("AS", "PETO")) # these need no correction of zero cells
    return(escalc(measure, ai = events1, n1i = n1, ci = events2, n2i = n2, data = rows, to = "none"))
  if (measure == "PLO")
    return(escalc(measure, xi = events1, ni = n1, data = rows))
  if (measure == "PR")
    return(data.frame(yi = rows$events1 / rows$n1, vi = c(escalc(measure, xi = events1, ni = n1, data = rows)$vi)))
  if (measure %in% c("PFT", "PAS"))
    return(escalc(measure, xi = events1, ni = n1, data = rows, to = "none"))
  if (measure %in% c("MD", "SMD", "ROM"))
    return(escalc(measure, m1i = mean1, sd1i = sd1, n1i = n1, m2i = mean2, sd2i = sd2, n2i = n2, data = rows))
  if (measure == "MC")
    return(data.frame(yi = rows$mean1, vi = rows$sd1^2 / rows$n1))
  stop("no rule for ", measure)
}

fit_one <- function(es, method, test) {
  args <- list(yi = es$yi, vi = es$vi, method = method)
  if (method %in% c("REML", "ML", "EB")) args$control <- list(threshold = 1e-13 * median(es$vi), maxiter = 10000)
  if (method == "PM") args$control <- list(tol = 1e-14, maxiter = 10000)
  fit <- do.call(rma, c(args, list(test = "z")))
  if (test == "cochrane") test <- if (fit$k >= 3 && fit$tau2 > 1e-12) "knha" else "z"
  if (test != "z") fit <- do.call(rma, c(args, list(test = test)))
  out <- list(k = fit$k, estimate = c(fit$beta), se = fit$se, ci_lb = fit$ci.lb, ci_ub = fit$ci.ub,
              pval = fit$pval, q = fit$QE, q_pval = fit$QEp, test = test)
  if (method == "EE") return(out)
  # metafor searches the upper bound up to 100 by default; two proportions can go beyond
  # t with k - 1 degrees of freedom, whatever the test of the mean
  half <- qt(0.975, fit$k - 1) * sqrt(fit$tau2 + fit$se^2)
  qp <- confint(fit, control = list(tol = 1e-12, maxiter = 100000, tau2.max = 1e6))$random
  c(out, list(tau2 = fit$tau2, i2 = fit$I2, h2 = fit$H2, pi_lb = c(fit$beta) - half, pi_ub = c(fit$beta) + half,
              tau2_lb = qp[1, 2], tau2_ub = qp[1, 3], i2_lb = qp[3, 2], i2_ub = qp[3, 3]))
}

tables_fit <- function(rows, pooling) {
  fit <- if (pooling == "peto") rma.peto(ai = events1, n1i = n1, ci = events2, n2i = n2, data = rows)
         else rma.mh(measure = rows$measure[1], ai = events1, n1i = n1, ci = events2, n2i = n2, data = rows, correct = FALSE)
  list(k = fit$k.yi, estimate = c(fit$beta), se = fit$se, ci_lb = fit$ci.lb, ci_ub = fit$ci.ub, pval = fit$pval)
}

regress <- function(es, x) {
  fit <- rma(yi = es$yi, vi = es$vi, mods = ~ x, method = "REML", test = "knha",
             control = list(threshold = 1e-13 * median(es$vi), maxiter = 10000))
  list(estimate = c(fit$beta), se = fit$se, ci_lb = fit$ci.lb, ci_ub = fit$ci.ub, pval = fit$pval,
       tau2 = fit$tau2, i2 = fit$I2, r2 = fit$R2, qm = fit$QM, qm_pval = fit$QMp)
}

plan <- fromJSON(paste(system2("python", "validation/reviews_plan.py", stdout = TRUE), collapse = "\n"), simplifyVector = FALSE)
result <- list()
for (review in reviews) {
  effects <- read.csv(file.path("data/processed", review, "effects.csv"), stringsAsFactors = FALSE)
  for (run in plan[[review]]) {
    rows <- effects[effects$effect_id %in% unlist(run$effect_ids), ]
    es <- effects_of(rows)
    key <- run$key
    result[[key]] <- if (run$model == "table") tables_fit(rows, run$pooling)
                     else if (run$model == "regression") regress(es, unlist(run$x))
                     else fit_one(es, run$method, run$test)
    result[[key]]$effect_ids <- unlist(run$effect_ids)
  }
}
source <- paste0("R ", getRversion(), ", metafor ", packageVersion("metafor"), ", validation/reviews.R")
write_json(list(source = source, values = result), "tests/reference/reviews.json",
           digits = NA, auto_unbox = TRUE, pretty = 1)
cat(length(result), "fits written\n")
