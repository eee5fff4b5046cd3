# Thirteen more published data sets of metadat: effects, estimators of tau2 with intervals, selection models and
# the test of excess significance by metafor; the median-unbiased generalised Q by base R:
#   Rscript validation/more_sets.R tests/reference/metafor
# Needs metafor, metadat and jsonlite.

suppressPackageStartupMessages({library(metafor); library(metadat); library(jsonlite)})
out <- commandArgs(trailingOnly = TRUE)[1]
source_text <- paste0("metafor ", packageVersion("metafor"), ", metadat ", packageVersion("metadat"),
                      ", R ", getRversion(), "; validation/more_sets.R")

four <- c("ai", "n1i", "ci", "n2i")
vanhowe <- with(dat.vanhowe1999, data.frame(ai = cir.pos, n1i = cir.pos + cir.neg, ci = non.pos, n2i = non.pos + non.neg))
opioids <- with(dat.viechtbauer2021, data.frame(ai = xTi, n1i = nTi, ci = xCi, n2i = nCi))
covid <- with(dat.axfors2021, data.frame(ai = hcq_arm_event, n1i = hcq_arm_total, ci = control_arm_event,
                                         n2i = control_arm_total))
autism <- with(dat.debruin2009, data.frame(xi = xi, ni = ni))
inputs <- list(
  lau1992_or = list("OR", dat.lau1992[, four]), li2007_or = list("OR", dat.li2007[, four]),
  anand1999_or = list("OR", dat.anand1999[dat.anand1999$asp.t == dat.anand1999$asp.c, four]),
  vanhowe1999_or = list("OR", vanhowe), viechtbauer2021_or = list("OR", opioids), axfors2021_or = list("OR", covid),
  linde2005_rr = list("RR", dat.linde2005[, four]), laopaiboon2015_rr = list("RR", dat.laopaiboon2015[, four]),
  hine1989_rd = list("RD", dat.hine1989[, four]),
  gibson2002_smd = list("SMD", dat.gibson2002[, c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")]),
  nielweise2008_irr = list("IRR", dat.nielweise2008[, c("x1i", "t1i", "x2i", "t2i")]),
  debruin2009_plo = list("PLO", autism),
  molloy2014_zcor = list("ZCOR", dat.molloy2014[, c("ri", "ni")])
)

scale_of <- function(d) median(d$vi) + max(0, var(d$yi) - mean(d$vi))
estimators <- function(d) {
  s <- scale_of(d)
  tight <- list(threshold = 1e-14 * s, tol = 1e-14 * s, maxiter = 10000, tau2.max = 1e4 * s)
  lapply(c(DL = "DL", HE = "HE", HS = "HS", SJ = "SJ", PM = "PM", EB = "EB", ML = "ML", REML = "REML"), function(m) {
    fit <- rma(d$yi, d$vi, method = m, test = "knha", control = tight)
    qp <- confint(fit, control = list(tol = 1e-14 * s, tau2.max = 1e4 * s, maxiter = 10000))$random["tau^2", ]
    list(tau2 = fit$tau2, se_tau2 = fit$se.tau2, estimate = as.numeric(fit$beta), se = fit$se, ci_lb = fit$ci.lb,
         ci_ub = fit$ci.ub, pval = fit$pval, i2 = fit$I2, tau2_lb = unname(qp[2]), tau2_ub = unname(qp[3]))
  })
}

# At metafor's default precision, which is off by up to 0.09 of log likelihood.
selection <- function(d) {
  fit <- rma(d$yi, d$vi, method = "ML")
  side <- if (fit$beta > 0) "greater" else "less"
  kinds <- c(step = "stepfun", beta = "beta", halfnorm = "halfnorm", negexp = "negexp", logistic = "logistic",
             power = "power")
  c(list(alternative = side), lapply(kinds, function(kind) {
    s <- tryCatch(suppressWarnings(selmodel(fit, type = kind, alternative = side, steps = 0.025,
                                            control = list(rel.tol = 1e-14))), error = function(e) NULL)
    if (is.null(s)) return(NULL)
    list(estimate = as.numeric(s$beta), tau2 = s$tau2, delta = as.numeric(s$delta), ll = as.numeric(logLik(s)))
  }))
}

excess <- function(d) {
  t <- tes(d$yi, d$vi, test = "chi2", tol = 1e-12)
  list(observed = t$O, expected = t$E, statistic = t$X2, pval = t$pval, theta_limit = t$theta.lim)
}

# P(sum of lambda times chi-squared on one degree of freedom <= q): Imhof (1961), Biometrika 48:419-426, eq. 3.2.
imhof <- function(q, lambda) {
  inner <- function(u) sapply(u, function(x) {
    angle <- 0.5 * sum(atan(lambda * x)) - 0.5 * q * x
    sin(angle) / (x * prod((1 + (lambda * x)^2)^0.25))
  })
  0.5 - integrate(inner, 0, Inf, rel.tol = 1e-10, subdivisions = 1e5, stop.on.error = FALSE)$value / pi
}
median_unbiased <- function(d, weights) {
  a <- diag(weights) - outer(weights, weights) / sum(weights)
  q <- as.numeric(t(d$yi) %*% a %*% d$yi)
  below <- function(tau2) {
    root <- diag(sqrt(d$vi + tau2))
    lambda <- eigen(root %*% a %*% root, symmetric = TRUE, only.values = TRUE)$values
    lambda <- lambda[lambda > max(lambda) * 1e-12]
    imhof(q / max(lambda), lambda / max(lambda)) - 0.5
  }
  if (below(0) < 0) 0 else uniroot(below, c(0, 100 * scale_of(d)), tol = 1e-13 * scale_of(d))$root
}

sets <- lapply(inputs, function(given) {
  d <- do.call(escalc, c(list(measure = given[[1]]), as.list(given[[2]])))
  keep <- !is.na(d$yi)
  d <- data.frame(yi = as.numeric(d$yi[keep]), vi = as.numeric(d$vi[keep]))
  list(measure = given[[1]], inputs = as.list(given[[2]][keep, , drop = FALSE]), yi = d$yi, vi = d$vi,
       estimators = estimators(d), selection = selection(d), excess = excess(d),
       genqm = median_unbiased(d, 1 / sqrt(d$vi)))
})
text <- toJSON(list(source = source_text, sets = sets), digits = NA, auto_unbox = TRUE, na = "null", null = "null")
writeLines(text, file.path(out, "more_sets.json"))
