# Makes the reference values of pooling, two-by-two tables, meta-regression and proportions:
#   Rscript validation/pooling.R tests/reference/metafor
# Needs metafor, metadat and jsonlite. Effects and variances are rounded to 8 significant digits
# before anything is fitted, so that the files hold exactly what was fitted.

suppressPackageStartupMessages({library(metafor); library(metadat); library(jsonlite)})
out <- commandArgs(trailingOnly = TRUE)[1]
source_text <- paste0("metafor ", packageVersion("metafor"), ", metadat ", packageVersion("metadat"),
                      ", R ", getRversion(), "; validation/pooling.R")

write <- function(name, value) {
  text <- toJSON(c(list(source = source_text), value), digits = NA, auto_unbox = TRUE, na = "null",
                 null = "null")
  writeLines(text, file.path(out, paste0(name, ".json")))
}

# -- data sets ----------------------------------------------------------------------------------
effects <- function(measure, ...) {
  es <- suppressWarnings(do.call(escalc, c(list(measure = measure), list(...))))
  es <- es[is.finite(es$yi) & is.finite(es$vi) & es$vi > 0, ]
  list(yi = signif(as.numeric(es$yi), 8), vi = signif(as.numeric(es$vi), 8))
}
given <- function(yi, vi) {
  keep <- is.finite(yi) & is.finite(vi)
  list(yi = signif(as.numeric(yi[keep]), 8), vi = signif(as.numeric(vi[keep]), 8))
}
tables <- function(measure, data) effects(measure, ai = data$ai, n1i = data$n1i, ci = data$ci, n2i = data$n2i)
bcg <- with(dat.bcg, data.frame(ai = tpos, n1i = tpos + tneg, ci = cpos, n2i = cpos + cneg))
yusuf <- subset(dat.yusuf1985, table == "6" & !is.na(ai))
dagostino <- subset(dat.dagostino1998, cold == "induced")
sets <- list(
  bcg_rr = tables("RR", bcg), bcg_or = tables("OR", bcg), bcg_rd = tables("RD", bcg),
  bcg_as = tables("AS", bcg), bcg_peto = tables("PETO", bcg), bcg_phi = tables("PHI", bcg),
  egger_or = tables("OR", dat.egger2001), egger_rr = tables("RR", dat.egger2001),
  egger_rd = tables("RD", dat.egger2001),
  nielweise_or = tables("OR", dat.nielweise2007), nielweise_rr = tables("RR", dat.nielweise2007),
  nielweise_as = tables("AS", dat.nielweise2007),
  yusuf_or = tables("OR", yusuf), yusuf_peto = tables("PETO", yusuf),
  hart_irr = with(dat.hart1999, effects("IRR", x1i = x1i, x2i = x2i, t1i = t1i, t2i = t2i)),
  hart_ird = with(dat.hart1999, effects("IRD", x1i = x1i, x2i = x2i, t1i = t1i, t2i = t2i)),
  normand_md = with(dat.normand1999, effects("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i,
                                             sd2i = sd2i, n2i = n2i)),
  normand_smd = with(dat.normand1999, effects("SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i,
                                              sd2i = sd2i, n2i = n2i)),
  normand_rom = with(dat.normand1999, effects("ROM", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i,
                                              sd2i = sd2i, n2i = n2i)),
  normand_mean = with(dat.normand1999, effects("MN", mi = m1i, sdi = sd1i, ni = n1i)),
  curtis_rom = with(dat.curtis1998, effects("ROM", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i,
                                            sd2i = sd2i, n2i = n2i)),
  curtis_smd = with(dat.curtis1998, effects("SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i,
                                            sd2i = sd2i, n2i = n2i)),
  dagostino_smd = with(dagostino, effects("SMD", m1i = mt, sd1i = sdt, n1i = nt, m2i = mc,
                                          sd2i = sdc, n2i = nc)),
  pritz_plo = with(dat.pritz1997, effects("PLO", xi = xi, ni = ni)),
  pritz_pas = with(dat.pritz1997, effects("PAS", xi = xi, ni = ni)),
  pritz_pft = with(dat.pritz1997, effects("PFT", xi = xi, ni = ni)),
  raudenbush_smd = given(dat.raudenbush1985$yi, dat.raudenbush1985$vi),
  bangert_smd = given(dat.bangertdrowns2004$yi, dat.bangertdrowns2004$vi),
  konstantopoulos_smd = given(dat.konstantopoulos2011$yi, dat.konstantopoulos2011$vi),
  hackshaw_or = given(dat.hackshaw1998$yi, dat.hackshaw1998$vi),
  mcdaniel_zcor = with(dat.mcdaniel1994, effects("ZCOR", ri = ri, ni = ni)),
  # made up for the edges: no difference at all, two studies, three studies, a tiny scale
  equal = list(yi = rep(0.25, 6), vi = c(0.01, 0.02, 0.03, 0.04, 0.05, 0.06)),
  two = list(yi = c(0.2, 0.9), vi = c(0.04, 0.05)),
  two_alike = list(yi = c(0.3, 0.31), vi = c(0.04, 0.05)),
  three = list(yi = c(0.1, 0.9, 0.6), vi = c(0.01, 0.06, 0.09)),
  tiny = list(yi = c(1, 5, 9, 3, 2, 7.5, 6.6, 12, -1, 4.5) * 1e-5,
              vi = c(2, 3, 1, 2, 5, 4, 3, 2, 6, 1) * 1e-10)
)

# -- pooling ------------------------------------------------------------------------------------
scale_of <- function(d) median(d$vi) + max(0, var(d$yi) - mean(d$vi))
control_of <- function(d, method) {  # convergence far below what is compared, on the scale of the data
  s <- scale_of(d)
  if (method == "PM") return(list(tol = 1e-14 * s, maxiter = 10000, tau2.max = 1e4 * s))
  list(threshold = 1e-13 * s, maxiter = 10000)
}
fit <- function(d, method, test = "z", mods = NULL) {
  control <- if (method %in% c("ML", "REML", "EB", "PM")) control_of(d, method) else list()
  args <- list(yi = d$yi, vi = d$vi, method = method, test = test, control = control)
  if (!is.null(mods)) args$mods <- mods
  do.call(rma, args)
}
test_block <- function(d, method, test) {
  f <- fit(d, method, test)
  block <- list(estimate = as.numeric(f$beta), se = f$se, statistic = f$zval, pval = f$pval,
                ci_lb = f$ci.lb, ci_ub = f$ci.ub)
  if (method == "EE") return(block)
  p <- predict(f)
  block <- c(block, list(pi_lb = p$pi.lb, pi_ub = p$pi.ub))
  if (test == "z" && f$k > 2) {  # t with k - 2, Higgins et al. 2009
    half <- qt(.975, f$k - 2) * sqrt(f$tau2 + f$se^2)
    block <- c(block, list(hts_lb = as.numeric(f$beta) - half, hts_ub = as.numeric(f$beta) + half))
  }
  block
}
method_block <- function(d, method) {
  f <- fit(d, method)
  base <- list(tau2 = f$tau2, se_tau2 = if (method == "EE") NULL else f$se.tau2, i2 = f$I2, h2 = f$H2,
               q = f$QE, q_pval = f$QEp)
  tests <- sapply(c("z", "t", "knha", "adhoc"), function(t) test_block(d, method, t), simplify = FALSE)
  c(base, list(tests = tests))
}
profile_block <- function(d) {
  s <- scale_of(d)
  ci <- confint(fit(d, "REML"), control = list(tol = 1e-14 * s, maxiter = 10000, tau2.max = 1e6 * s))
  rows <- ci$random
  list(tau2 = as.numeric(rows["tau^2", 2:3]), i2 = as.numeric(rows["I^2(%)", 2:3]),
       h2 = as.numeric(rows["H^2", 2:3]))
}
METHODS <- c("DL", "PM", "REML", "ML", "SJ", "HS", "EB", "HE", "EE")
pooling <- lapply(sets, function(d) {
  c(d, list(methods = sapply(METHODS, function(m) method_block(d, m), simplify = FALSE),
            q_profile = profile_block(d)))
})
write("pooling", list(sets = pooling))

# -- a likelihood with two maxima: metafor's own likelihood on a grid of fixed tau2 ----------------
two_peaks <- list(yi = c(0.51, 0.26, -0.19, -0.1, 0.16, 0.34, -0.04),
                  vi = c(0.025, 0.002, 0.114, 0.034, 0.251, 0.015, 0.218))
grid <- c(0, 10^seq(-5, 1, length.out = 121))
heights <- function(method) sapply(grid, function(t) {
  as.numeric(logLik(rma(yi = two_peaks$yi, vi = two_peaks$vi, method = method, tau2 = t)))
})
write("likelihood", c(two_peaks, list(tau2 = grid, REML = heights("REML"), ML = heights("ML"),
                                      default_reml_tau2 = fit(two_peaks, "REML")$tau2)))

# -- leave one out -------------------------------------------------------------------------------
left_out <- sapply(c("DL", "REML"), function(m) {
  l <- leave1out(fit(sets$bcg_rr, m))
  list(estimate = l$estimate, se = l$se, tau2 = l$tau2, q = l$Q)
}, simplify = FALSE)
write("leave_one_out", list(set = "bcg_rr", methods = left_out))

# -- two-by-two tables ---------------------------------------------------------------------------
table_sets <- list(bcg = bcg, egger = dat.egger2001[, c("ai", "n1i", "ci", "n2i")],
                   nielweise = dat.nielweise2007[, c("ai", "n1i", "ci", "n2i")],
                   yusuf = yusuf[, c("ai", "n1i", "ci", "n2i")])
table_block <- function(f) {
  list(estimate = as.numeric(f$beta), se = f$se, statistic = f$zval, pval = f$pval, ci_lb = f$ci.lb,
       ci_ub = f$ci.ub, q = f$QE, q_pval = f$QEp, i2 = f$I2, h2 = f$H2)
}
mh <- function(d, measure, ...) {
  suppressWarnings(rma.mh(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d, measure = measure, ...))
}
two_by_two <- lapply(table_sets, function(d) {
  values <- sapply(c("OR", "RR", "RD"), function(m) {
    f <- mh(d, m)
    c(table_block(f), list(weights = as.numeric(weights(f))))
  }, simplify = FALSE)
  plain <- mh(d, "OR", correct = FALSE)
  corrected <- mh(d, "OR", correct = TRUE)
  # RevMan's convention: half an event added to the cells of studies with a zero cell, studies with
  # no (only) events in both groups left out
  revman <- sapply(c("OR", "RR"), function(m) {
    f <- mh(d, m, add = c(1/2, 1/2), to = c("only0", "only0"), drop00 = c(TRUE, TRUE))
    list(estimate = as.numeric(f$beta), se = f$se)
  }, simplify = FALSE)
  p <- suppressWarnings(rma.peto(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d))
  c(as.list(as.data.frame(d)),
    list(mh = values, revman = revman,
         cmh = list(plain = c(plain$MH, plain$MHp), corrected = c(corrected$MH, corrected$MHp)),
         peto = c(table_block(p), list(weights = as.numeric(weights(p))))))
})
write("two_by_two", list(sets = two_by_two))

# -- meta-regression and subgroups ----------------------------------------------------------------
ablat <- dat.bcg$ablat
regressions <- list(
  list(set = "bcg_rr", names = "ablat", x = cbind(ablat)),
  list(set = "bcg_rr", names = c("ablat", "years"), x = cbind(ablat, years = dat.bcg$year - 1948)),
  list(set = "bcg_rr", names = c("random", "systematic"),
       x = cbind(random = as.numeric(dat.bcg$alloc == "random"),
                 systematic = as.numeric(dat.bcg$alloc == "systematic"))),
  list(set = "raudenbush_smd", names = "weeks", x = cbind(weeks = dat.raudenbush1985$weeks)),
  list(set = "bangert_smd", names = "length", x = cbind(length = dat.bangertdrowns2004$length))
)
regression_block <- function(r) {
  d <- sets[[r$set]]
  keep <- which(rowSums(is.na(r$x)) == 0)
  d <- list(yi = d$yi[keep], vi = d$vi[keep])
  x <- r$x[keep, , drop = FALSE]
  one <- function(m, t) {
    f <- fit(d, m, t, mods = x)
    p <- predict(f)
    list(estimate = as.numeric(f$beta), se = f$se, statistic = f$zval, pval = f$pval, ci_lb = f$ci.lb,
         ci_ub = f$ci.ub, vcov = unname(vcov(f)), qm = f$QM, qm_pval = f$QMp,
         pred = p$pred[1:3], pred_lb = p$ci.lb[1:3], pred_ub = p$ci.ub[1:3])
  }
  values <- sapply(METHODS, function(m) {
    f <- fit(d, m, mods = x)
    base <- list(tau2 = f$tau2, i2 = f$I2, h2 = f$H2, qe = f$QE, qe_pval = f$QEp)
    if (m != "EE") base <- c(base, list(se_tau2 = f$se.tau2, r2 = f$R2))
    c(base, list(tests = sapply(c("z", "knha", "adhoc"), function(t) one(m, t), simplify = FALSE)))
  }, simplify = FALSE)
  list(names = I(r$names), yi = d$yi, vi = d$vi, x = unname(x), methods = values)
}
subgroup_block <- function(m, test) {
  d <- sets$bcg_rr
  levels <- unique(dat.bcg$alloc)
  fits <- lapply(levels, function(g) {
    rows <- dat.bcg$alloc == g
    fit(list(yi = d$yi[rows], vi = d$vi[rows]), m, test)
  })
  mean <- sapply(fits, function(f) as.numeric(f$beta))
  se <- sapply(fits, function(f) f$se)
  between <- rma(yi = mean, sei = se, method = "EE")
  list(method = m, test = test, estimate = mean, se = se, tau2 = sapply(fits, function(f) f$tau2),
       q = between$QE, pval = between$QEp)
}
write("regression", list(
  fits = lapply(regressions, regression_block),
  subgroups = list(set = "bcg_rr", groups = dat.bcg$alloc,
                   values = list(subgroup_block("REML", "z"), subgroup_block("DL", "z"),
                                 subgroup_block("REML", "knha")))))

# -- proportions -----------------------------------------------------------------------------------
counts <- list(c(0, 10), c(1, 10), c(5, 10), c(10, 10), c(3, 47), c(81, 263), c(15, 148), c(1, 1))
write("proportions", list(values = lapply(counts, function(xn) {
  exact <- binom.test(xn[1], xn[2])
  wilson <- suppressWarnings(prop.test(xn[1], xn[2], correct = FALSE))
  list(x = xn[1], n = xn[2], exact = as.numeric(exact$conf.int), wilson = as.numeric(wilson$conf.int),
       sign_pval = exact$p.value)
})))
