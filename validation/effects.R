# Recompute every case of tests/reference/effects.json and effect_variances.json with the installed metafor and report the
# greatest difference. Run from the project's root: Rscript validation/effects.R
#
# In the file the SDs of SMCR are exchanged (there sd2i is the SD at baseline, for metafor sd1i is);
# they are exchanged back here. Since metafor 5.0 the ratio of means is bias-corrected by default.
suppressMessages({
  library(metafor)
  library(jsonlite)
})

cases <- unlist(recursive = FALSE, lapply(c("effects.json", "effect_variances.json"), function(file) {
  fromJSON(file.path("tests/reference", file), simplifyDataFrame = FALSE)$cases
}))
cat("metafor", as.character(packageVersion("metafor")), "\n")

recompute <- function(case) {
  inputs <- case$inputs
  if (case$measure == "SMCR") {
    inputs[c("sd1i", "sd2i")] <- inputs[c("sd2i", "sd1i")]
  }
  suppressWarnings(do.call(escalc, c(list(measure = case$measure), inputs, case$options)))
}

difference <- function(got, stored) {
  if (is.null(stored)) return(0)
  stored <- as.numeric(stored)
  if (!identical(is.na(got), is.na(stored))) return(Inf)
  max(abs(got - stored) / pmax(1, abs(stored)), 0, na.rm = TRUE)
}

skipped <- 0
worst <- 0
for (case in cases) {
  corrected_rom <- case$measure == "ROM" && grepl("metafor 5", case$source) && packageVersion("metafor") < "5.0"
  if (corrected_rom || (!is.null(case$options$correct) && packageVersion("metafor") < "4.0")) {
    skipped <- skipped + 1
    next
  }
  x <- recompute(case)
  gap <- max(difference(as.numeric(x$yi), case$yi), difference(as.numeric(x$vi), case$vi))
  if (gap > 1e-12) cat("differs:", case$name, case$measure, toJSON(case$options, auto_unbox = TRUE), gap, "\n")
  worst <- max(worst, gap)
}
cat(length(cases) - skipped, "cases, greatest relative difference", worst, "; skipped", skipped, "\n")
if (worst > 1e-12) quit(status = 1)
