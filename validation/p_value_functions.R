# Medians and intervals of combined p-value functions, in base R: pnorm, pchisq, uniroot.
# Run from the project's root: Rscript validation/p_value_functions.R tests/reference/heterogeneity
suppressMessages(library(jsonlite))

sets <- list(
  single = list(yi = I(0.4), vi = I(0.04)),
  four = list(yi = c(-0.9, 0.1, 0.25, 0.7), vi = c(0.2, 0.03, 0.05, 0.4)),
  apart = list(yi = c(-2, 3), vi = c(0.3, 0.5)),
  thirteen = list(
    yi = c(-0.89, -1.59, -1.35, -1.44, -0.22, -0.79, -1.62, 0.01, -0.47, -1.37, -0.34, 0.45, -0.02),
    vi = c(0.326, 0.195, 0.415, 0.02, 0.051, 0.007, 0.223, 0.004, 0.056, 0.073, 0.012, 0.533, 0.071)
  )
)

rules <- list(
  edgington = function(logp, logq, w) {
    p <- exp(logp)
    j <- 0:floor(sum(p))
    sum((-1)^j * choose(length(p), j) * (sum(p) - j)^length(p)) / factorial(length(p))
  },
  fisher = function(logp, logq, w) pchisq(-2 * sum(logp), 2 * length(logp), lower.tail = FALSE),
  pearson = function(logp, logq, w) pchisq(-2 * sum(logq), 2 * length(logp)),
  stouffer = function(logp, logq, w) {
    # From the smaller tail: p next to 1 has lost its digits
    z <- ifelse(logp < logq, qnorm(logp, log.p = TRUE), -qnorm(logq, log.p = TRUE))
    pnorm(sum(w * z) / sqrt(sum(w^2)))
  },
  tippett = function(logp, logq, w) -expm1(length(logp) * max(logq)),
  wilkinson = function(logp, logq, w) exp(length(logp) * max(logp))
)

combined <- function(mu, set, rule, less) {
  z <- (set$yi - mu) / sqrt(set$vi)
  rule(pnorm(z, lower.tail = less, log.p = TRUE), pnorm(z, lower.tail = !less, log.p = TRUE), 1 / sqrt(set$vi))
}

quantile_of <- function(q, set, rule, less) {
  ends <- range(set$yi) + c(-4, 4) * max(sqrt(set$vi))
  uniroot(function(mu) combined(mu, set, rule, less) - q, ends, tol = 1e-14, maxiter = 10000)$root
}

cases <- list()
for (name in names(sets)) for (method in names(rules)) for (less in c(FALSE, TRUE)) {
  set <- sets[[name]]
  bounds <- sapply(c(0.025, 0.5, 0.975), quantile_of, set, rules[[method]], less)
  cases[[length(cases) + 1]] <- list(
    set = name, method = method, alternative = if (less) "less" else "greater",
    estimate = bounds[2], ci = sort(bounds[c(1, 3)]),
    pval = sapply(c(-0.5, 0, 0.3), combined, set, rules[[method]], less)
  )
}
out <- file.path(commandArgs(TRUE)[1], "p_value_functions.json")
lines <- vapply(cases, function(case) as.character(toJSON(case, auto_unbox = TRUE, digits = NA)), "")
writeLines(c(
  paste0('{"source": "', R.version.string, ', validation/p_value_functions.R", "mu": [-0.5, 0, 0.3],'),
  paste0('"sets": ', toJSON(sets, auto_unbox = TRUE, digits = NA), ', "cases": ['),
  paste0(lines, c(rep(",", length(lines) - 1), "")), "]}"
), out)
