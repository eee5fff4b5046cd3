# Makes the reference values of multilevel and multivariate models and of robust variances:
#   Rscript validation/dependence.R tests/reference/dependence
# Needs metafor, metadat, clubSandwich and jsonlite.

suppressPackageStartupMessages({library(metafor); library(metadat); library(clubSandwich); library(jsonlite)})
out <- commandArgs(trailingOnly = TRUE)[1]
source_text <- paste0("metafor ", packageVersion("metafor"), ", clubSandwich ", packageVersion("clubSandwich"),
                      ", R ", getRversion(), "; validation/dependence.R")
controls <- list(list(optimizer = "nlminb", rel.tol = 1e-13, iter.max = 2000, eval.max = 2000),
                 list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 2000),
                 list(optimizer = "nlminb", rel.tol = 1e-10, iter.max = 2000, eval.max = 2000))

fit_values <- function(fit) list(
  estimate = as.numeric(coef(fit)), se = as.numeric(fit$se), pval = as.numeric(fit$pval),
  ddf = as.numeric(fit$ddf), sigma2 = as.numeric(fit$sigma2), tau2 = as.numeric(fit$tau2),
  rho = as.numeric(fit$rho), gamma2 = as.numeric(fit$gamma2), phi = as.numeric(fit$phi),
  ll = as.numeric(logLik(fit)), qe = fit$QE, qm = fit$QM)

# The first search that metafor takes for converged.
run <- function(yi, V, mods, random, struct, data, dfs) {
  for (control in controls) {
    fit <- tryCatch(suppressWarnings(rma.mv(yi, V, mods = mods, random = random, struct = struct,
                                            data = data, test = "t", dfs = dfs, control = control)),
                    error = function(e) NULL)
    if (!is.null(fit)) return(fit_values(fit))
  }
  stop("no search converged")
}

values <- list(source = source_text)

# Kalaian and Raudenbush (1996): two outcomes, 47 studies.
d <- dat.kalaian1996
V <- vcalc(vi, cluster = study, type = outcome, data = d, rho = 0.66)
values$kalaian1996 <- list(
  inputs = list(yi = d$yi, vi = d$vi, study = as.character(d$study), outcome = as.character(d$outcome)),
  V_rho = 0.66, V = unname(V),
  UN = run(d$yi, V, ~ 0 + outcome, ~ outcome | study, "UN", d, "residual"),
  ID = run(d$yi, V, ~ 0 + outcome, ~ outcome | study, "ID", d, "residual"))

# Ishak et al. (2007): up to four times, AR(1) sampling errors.
d <- dat.ishak2007
long <- reshape(d, direction = "long", idvar = "study", v.names = c("yi", "vi"),
                varying = list(c(2, 4, 6, 8), c(3, 5, 7, 9)))
long <- long[order(long$study, long$time), ]
long <- long[!is.na(long$yi), ]
V <- vcalc(vi, cluster = study, time1 = time, phi = 0.97, data = long)
values$ishak2007 <- list(
  inputs = list(yi = long$yi, vi = long$vi, study = long$study, time = long$time),
  V_phi = 0.97, V = unname(V),
  AR = run(long$yi, V, ~ 0 + factor(time), ~ time | study, "AR", long, "residual"),
  HCS = run(long$yi, V, ~ 0 + factor(time), ~ time | study, "HCS", long, "residual"),
  CS = run(long$yi, V, ~ 0 + factor(time), ~ time | study, "CS", long, "residual"),
  UN = run(long$yi, V, ~ 0 + factor(time), ~ time | study, "UN", long, "residual"))

# Konstantopoulos (2011): degrees of freedom by containment.
d <- dat.konstantopoulos2011
values$konstantopoulos2011 <- list(
  intercept = run(d$yi, d$vi, ~ 1, ~ 1 | district/school, "CS", d, "contain"),
  year = run(d$yi, d$vi, ~ I(year - 1990), ~ 1 | district/school, "CS", d, "contain"),
  school = run(d$yi, d$vi, ~ school, ~ 1 | district/school, "CS", d, "contain"))

writeLines(toJSON(values, digits = NA, auto_unbox = TRUE, na = "null", null = "null"),
           file.path(out, "multivariate.json"))

# Robust variances of meta-regressions: metafor's own and clubSandwich's.
robust_values <- function(fit, cluster) {
  one <- function(...) {
    r <- do.call(robust, c(list(fit, cluster = cluster), list(...)))
    list(estimate = as.numeric(coef(r)), se = r$se, tval = r$zval, pval = r$pval,
         df = as.numeric(if (is.null(r$ddf)) r$dfs else r$ddf), ci.lb = r$ci.lb, ci.ub = r$ci.ub,
         QM = r$QM, QMdf = r$QMdf, QMp = r$QMp)
  }
  list(adjust_TRUE = one(), adjust_FALSE = one(adjust = FALSE), CR2 = one(clubSandwich = TRUE))
}
regression <- list(source = source_text)
tight_rma <- list(threshold = 1e-14, maxiter = 10000)
d <- dat.konstantopoulos2011
x <- cbind(year = d$year - 1990, school = d$school)
fit <- rma(yi, vi, mods = x, data = d, control = tight_rma)
regression$konstantopoulos2011 <- c(
  list(yi = d$yi, vi = d$vi, x = unname(x), names = colnames(x), cluster = as.character(d$district)),
  robust_values(fit, d$district))
d <- dat.curtis1998
d <- escalc(measure = "ROM", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = d)
keep <- d$paper %in% unique(d$paper)[1:12]
d <- d[keep & is.finite(d$yi), ]
yi <- signif(as.numeric(d$yi), 8); vi <- signif(as.numeric(d$vi), 8)
x <- cbind(time = as.numeric(d$time))
fit <- rma(yi, vi, mods = x, control = tight_rma)
regression$curtis1998 <- c(list(yi = yi, vi = vi, x = unname(x), names = list("time"),
                                cluster = as.character(d$paper)), robust_values(fit, d$paper))
writeLines(toJSON(regression, digits = NA, auto_unbox = TRUE, na = "null", null = "null"),
           file.path(out, "robust_regression.json"))
