# One-stage models with moderators by rma.glmm; those with random study intercepts by glmer itself, because
# rma.glmm lets moderators shift the first group alone, and here they shift both groups by half.
# Usage: Rscript validation/one_stage.R tests/reference/glmm
suppressPackageStartupMessages({library(metafor); library(lme4); library(jsonlite)})
target <- commandArgs(trailingOnly = TRUE)[1]

described <- function(fit) {
  list(
    beta = as.vector(fit$beta), se = fit$se, tau2 = fit$tau2, qm = fit$QM, qm_pval = fit$QMp,
    qe_lrt = fit$QE.LRT, qe_df = fit$QE.df, k = fit$k
  )
}

methods <- c(ML = "ML", EE = "EE")
fits <- function(models, ...) {
  given <- list(...)
  lapply(setNames(models, models), function(model) {
    lapply(methods, function(method) described(do.call(rma.glmm, c(given, list(model = model, method = method)))))
  })
}

random_intercepts <- function(x1, m1, x2, m2, moderator, family) {
  k <- length(x1)
  long <- data.frame(
    study = factor(rep(1:k, 2)), group = rep(c(0.5, -0.5), each = k), x = c(x1, x2), m = c(m1, m2),
    moderator = rep(moderator, 2)
  )
  response <- if (family == "binomial") "cbind(x, m - x) ~ " else "x ~ offset(log(m)) + "
  fixed <- "group + group:moderator + (1 | study)"
  lapply(c(ML = " + (group - 1 | study)", EE = ""), function(random) {
    fit <- glmer(as.formula(paste0(response, fixed, random)), data = long, family = family,
                 control = glmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 1e-2, rhoend = 1e-9)))
    list(beta = unname(fixef(fit)[2:3]), se = unname(sqrt(diag(as.matrix(vcov(fit))))[2:3]),
         tau2 = if (random == "") 0 else unname(unlist(VarCorr(fit))[2]), k = k)
  })
}

bcg <- dat.bcg
collins <- dat.collins1985b
collins$late <- collins$year - 1970
hart <- dat.hart1999
hart$late <- hart$year - 1990
out <- list(
  source = paste("metafor", packageVersion("metafor")),
  sets = list(
    bcg = list(
      measure = "OR",
      counts = list(bcg$tpos, bcg$tpos + bcg$tneg, bcg$cpos, bcg$cpos + bcg$cneg),
      x = list(ablat = bcg$ablat),
      models = c(
        fits(c("UM.FS", "CM.AL"), ai = bcg$tpos, bi = bcg$tneg, ci = bcg$cpos, di = bcg$cneg, mods = bcg$ablat,
             measure = "OR"),
        list(UM.RS = random_intercepts(bcg$tpos, bcg$tpos + bcg$tneg, bcg$cpos, bcg$cpos + bcg$cneg, bcg$ablat,
                                       "binomial"))
      )
    ),
    collins1985b = list(
      measure = "OR",
      counts = list(collins$pre.xti, collins$pre.nti, collins$pre.xci, collins$pre.nci),
      x = list(late = collins$late),
      models = fits(c("UM.FS", "CM.AL"), ai = collins$pre.xti, n1i = collins$pre.nti, ci = collins$pre.xci,
                    n2i = collins$pre.nci, mods = collins$late, measure = "OR")
    ),
    hart1999 = list(
      measure = "IRR",
      counts = list(hart$x1i, hart$t1i, hart$x2i, hart$t2i),
      x = list(late = hart$late),
      models = c(
        fits(c("UM.FS", "CM.EL"), x1i = hart$x1i, t1i = hart$t1i, x2i = hart$x2i, t2i = hart$t2i,
             mods = hart$late, measure = "IRR"),
        list(UM.RS = random_intercepts(hart$x1i, hart$t1i, hart$x2i, hart$t2i, hart$late, "poisson"))
      )
    ),
    vaccinated = list(
      measure = "PLO",
      counts = list(bcg$tpos, bcg$tpos + bcg$tneg),
      x = list(ablat = bcg$ablat),
      models = list(logistic = lapply(methods, function(method) {
        described(rma.glmm(xi = tpos, mi = tneg, mods = ~ ablat, measure = "PLO", data = bcg, method = method))
      }))
    )
  )
)
write_json(out, file.path(target, "moderators.json"), auto_unbox = TRUE, digits = NA, pretty = TRUE)
