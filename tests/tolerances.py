"""One tolerance for each kind of quantity, with its reason; all relative unless stated."""

CLOSED_FORM = 1e-10
"""Both sides evaluate one formula in double precision from 15-digit text; sums of up to 160 terms
with cancellation cost the rest."""

ITERATIVE = 1e-8
"""Roots and maxima: the reference stops at about 1e-13 of the data's scale, which for a flat
likelihood moves tau2 in the ninth digit and everything else less."""

PROFILE = 1e-8
"""Bounds of the Q-profile interval: both sides solve to 1e-13 of the scale or better."""

P_VALUE = 1e-7
"""A p value in a far tail magnifies the relative error of its statistic z by about z squared."""

DIRECT = 1e-13
"""Direct algebra on a few numbers, computed twice in double precision."""

ZERO = 1e-12
"""Absolute, beside quantities of order one: what counts as zero."""

EFFECT_SIZE = 1e-12
"""Effect sizes and derivations: one closed formula of a few terms against 17-digit text."""

INVERTED_P = 1e-9
"""A quantile recovered from a p value loses digits where the distribution is steep."""

FITTED = 1e-5
"""A least-squares fit that another program stopped at its own tolerance and printed to 7 digits."""

MONTE_CARLO = 0.02
"""Absolute: a value of about 4 that another program got from random numbers, error about 0.01."""

REVIEW_RELATIVE = 1e-6
"""Pooled numbers of the bundled reviews: what a reader of the report can rely on."""

REVIEW_BOUNDARY = 1e-9
"""Absolute, for tau2 and I2 that one side finds to be zero."""

MIXED = 1e-6
"""Coefficients of multilevel models: the reference's search stops where the likelihood is flat to
1e-12, which leaves its variances right to six digits and the coefficients to seven or more."""

COMPONENT = 1e-5
"""Variances and correlations of random effects, for the same reason."""

PROFILED = 1e-6
"""Bounds of a profile likelihood, where it is steeper than at its top."""

ROBUST = 1e-6
"""Robust variances of iterative fits: closed forms at weights right to seven digits or more."""

REFITTED = 2e-4
"""metafor refits filled data, and integrates power, at its default accuracy (1e-5 in absolute terms)."""

PROBABILITY = 1e-13
"""Absolute: a distribution function by a quadrature that converges to rounding."""

METAFOR_DEFAULT = 2e-4
"""Roots that metafor was left to stop at its own tolerance of about 1e-4."""

SELECTION = 1e-4
"""Selection models: metafor's optimiser, run again tightly, leaves estimates right to about this, beside
the standard error of a study."""

SELECTION_SE = 1e-3
"""Standard errors from second differences of the likelihood, on both sides."""

LIKELIHOOD = 1e-5
"""Absolute, for the height of a maximum of a log-likelihood found with `SELECTION`."""

UNFINISHED = 1e-3
"""Absolute: error of metafor's adaptive integration of unbounded weights, and of its unfinished searches."""

CURVATURE = 1e-4
"""Standard errors from a numerical second derivative of the likelihood, on the reference's side."""

QUADRATURE = 1e-9
"""Bounds that rest on a numerical integral and a root on both sides; the reference integrates to 1e-11."""

TABULATED = 1e-7
"""Draws interpolated in a table; the Monte Carlo error of anything made of them is 1e-2."""

ONE_STAGE = 1e-4
"""Absolute, log odds ratios and variances of one-stage models: the reference stops its search at about
1e-5 and takes standard errors from numerical second derivatives."""
