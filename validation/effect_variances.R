# Variants of sampling variances (vtype) by metafor's escalc, for the inputs of tests/reference/effects.json.
# Run from the project's root: Rscript validation/effect_variances.R tests/reference
#
# Estimates are left out: they do not depend on vtype and are compared in effects.json.
suppressMessages({
  library(metafor)
  library(jsonlite)
})

inputs_of <- function(name, measure) {
  cases <- fromJSON("tests/reference/effects.json", simplifyDataFrame = FALSE)$cases
  Find(function(case) case$name == name && case$measure == measure, cases)$inputs
}

variants <- list(
  MD = "HO", SMD = "AV", SMD1 = c("LS2", "UB", "AV"), ROM = c("HO", "AV", "AVHO"),
  RD = c("UB", "AV"), PR = c("UB", "AV"), PLO = "AV"
)
sets <- list(
  MD = c("dat.normand1999", "dat.dagostino1998"), SMD = c("dat.normand1999", "dat.dagostino1998"),
  SMD1 = "dat.normand1999", ROM = c("dat.normand1999", "dat.curtis1998"),
  RD = c("dat.bcg", "dat.nielweise2007"), PR = c("dat.pritz1997", "none, some, all"),
  PLO = c("dat.pritz1997", "none, some, all")
)

lines <- c()
for (measure in names(variants)) for (name in sets[[measure]]) for (vtype in variants[[measure]]) {
  inputs <- inputs_of(name, measure)
  choices <- list(list(vtype = vtype))
  if (name == "dat.nielweise2007") choices <- c(choices, list(list(vtype = vtype, drop00 = TRUE)))
  for (options in choices) {
    x <- suppressWarnings(do.call(escalc, c(list(measure = measure), inputs, options)))
    case <- list(
      name = name, source = paste0("metafor ", packageVersion("metafor"), ", escalc"),
      measure = measure, inputs = inputs, options = options, yi = NA, vi = as.numeric(x$vi)
    )
    lines <- c(lines, toJSON(case, auto_unbox = TRUE, digits = I(17), na = "null"))
  }
}
about <- "Variants of sampling variances by R's metafor; null: no estimate, or not part of the comparison."
writeLines(c(
  paste0('{"about": ', toJSON(about, auto_unbox = TRUE), ', "cases": ['),
  paste0(lines, c(rep(",", length(lines) - 1), "")), "]}"
), file.path(commandArgs(TRUE)[1], "effect_variances.json"))
