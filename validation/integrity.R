# p values of groups known by n, mean and SD, and of two-by-two tables, in base R: t.test, aov, fisher.test,
# chisq.test. Data with exactly these means and SDs are made by scaling.
# Run from the project's root: Rscript validation/integrity.R tests/reference/integrity
suppressMessages(library(jsonlite))

exactly <- function(n, mean, sd) {
  x <- as.vector(scale(qnorm(ppoints(n)) + 0.3 * cos(seq_len(n))))
  mean + sd * x
}

groups <- list(
  list(n = c(30, 30), mean = c(-2.54, -1.28), sd = c(0.6, 1.03)),
  list(n = c(12, 17), mean = c(45.2, 46.1), sd = c(9.8, 10.2)),
  list(n = c(5, 40), mean = c(1.25, 2.5), sd = c(0.11, 1.9)),
  list(n = c(2, 3), mean = c(7, 4), sd = c(1.5, 2.25)),
  list(n = c(20, 25, 31), mean = c(5.1, 5.3, 6.2), sd = c(1.4, 1.1, 1.7)),
  list(n = c(8, 9, 10, 11), mean = c(100, 101, 99.5, 104), sd = c(11, 14, 12, 9))
)

means <- lapply(groups, function(g) {
  y <- unlist(Map(exactly, g$n, g$mean, g$sd))
  arm <- factor(rep(seq_along(g$n), g$n))
  out <- c(g, list(anova = summary(aov(y ~ arm))[[1]][["Pr(>F)"]][1]), list(total_sd = sd(y)))
  if (length(g$n) == 2) {
    out$welch <- t.test(y ~ arm)$p.value
    out$pooled <- t.test(y ~ arm, var.equal = TRUE)$p.value
    out$one_sample <- t.test(y[arm == 1])$p.value
    out$paired_n <- g$n[1]
  }
  out
})

counts <- list(
  c(31, 35, 24, 35), c(4, 11, 0, 9), c(7, 30, 26, 30), c(1, 20, 6, 22), c(0, 15, 0 + 3, 14), c(50, 200, 71, 190)
)
tables <- lapply(counts, function(x) {
  m <- matrix(c(x[1], x[2] - x[1], x[3], x[4] - x[3]), nrow = 2, byrow = TRUE)
  list(
    counts = x,
    fisher = fisher.test(m)$p.value,
    chi2 = suppressWarnings(chisq.test(m, correct = FALSE)$p.value),
    chi2_yates = suppressWarnings(chisq.test(m)$p.value)
  )
})

out <- commandArgs(trailingOnly = TRUE)[1]
dir.create(out, showWarnings = FALSE, recursive = TRUE)
write_json(
  list(source = R.version.string, means = means, tables = tables),
  file.path(out, "summary_tests.json"),
  digits = NA, auto_unbox = TRUE, pretty = TRUE
)
