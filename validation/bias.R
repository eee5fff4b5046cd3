# Makes the reference values that need a few lines of R beside metafor's own functions:
#   Rscript validation/bias.R tests/reference/bias
# Needs metafor, metadat and jsonlite.

suppressPackageStartupMessages({library(metafor); library(metadat); library(jsonlite)})
out <- commandArgs(trailingOnly = TRUE)[1]
source_text <- paste0("metafor ", packageVersion("metafor"), ", metadat ", packageVersion("metadat"),
                      ", R ", getRversion(), "; validation/bias.R")
tight <- list(threshold = 1e-13, maxiter = 10000)

tables <- list(
  bcg_or = with(dat.bcg, data.frame(ai = tpos, n1i = tpos + tneg, ci = cpos, n2i = cpos + cneg)),
  egger2001_or = dat.egger2001[, c("ai", "n1i", "ci", "n2i")],
  nielweise2007_or = dat.nielweise2007[, c("ai", "n1i", "ci", "n2i")]
)

# The arcsine test: Egger's regression of arcsine differences, both models.
arcsine <- lapply(tables, function(d) {
  es <- escalc("AS", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d)
  line <- function(r) list(slope = as.numeric(coef(r$fit)[2]), statistic = as.numeric(r$zval), pval = as.numeric(r$pval))
  classic <- regtest(rma(yi, vi, data = es), model = "lm")
  mixed <- regtest(rma(yi, vi, data = es, method = "DL", test = "t"))
  list(lm = list(statistic = as.numeric(classic$zval), pval = as.numeric(classic$pval)), rma = line(mixed))
})

# The limit meta-analysis: the radial line as a regression with known variances, predicted at tau.
sets <- list(
  bcg_rr = escalc("RR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = tables$bcg_or),
  egger2001_or = escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = tables$egger2001_or),
  raudenbush1985_smd = dat.raudenbush1985[, c("yi", "vi")],
  hackshaw1998_or = dat.hackshaw1998[, c("yi", "vi")]
)
limit <- lapply(sets, function(d) {
  base <- rma(yi, vi, data = d, method = "REML", control = tight)
  total <- d$vi + base$tau2
  line <- rma(d$yi, total, mods = cbind(s = sqrt(total)), method = "EE")
  at <- predict(line, newmods = sqrt(base$tau2))
  rest <- rma(d$yi, d$vi, mods = cbind(s = sqrt(d$vi)), method = "EE")
  list(yi = as.numeric(d$yi), vi = as.numeric(d$vi), tau2 = base$tau2, estimate = at$pred, se = at$se,
       ci_lb = at$ci.lb, ci_ub = at$ci.ub, slope = as.numeric(line$beta[1]), intercept = as.numeric(line$beta[2]),
       intercept_se = line$se[2], q = base$QE, q_rest = rest$QE)
})

# Selection on two-sided p values, and steps with more than one cut.
two_sided <- lapply(sets[c("raudenbush1985_smd", "hackshaw1998_or")], function(d) {
  fit <- rma(yi, vi, data = d, method = "ML", control = tight)
  one <- function(type, ...) {
    s <- suppressWarnings(selmodel(fit, type = type, alternative = "two.sided",
                                   control = list(rel.tol = 1e-12), ...))
    list(estimate = as.numeric(s$beta), tau2 = s$tau2, delta = as.numeric(s$delta), ll = as.numeric(logLik(s)))
  }
  c(list(yi = as.numeric(d$yi), vi = as.numeric(d$vi)),
    list(step = one("step", steps = 0.05), step2 = one("step", steps = c(0.05, 0.5)),
         halfnorm = one("halfnorm"), negexp = one("negexp")))
})

text <- toJSON(list(source = source_text, arcsine = arcsine, limit = limit, two_sided = two_sided),
               digits = NA, auto_unbox = TRUE, na = "null", null = "null")
writeLines(text, file.path(out, "by_hand.json"))
