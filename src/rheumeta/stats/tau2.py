"""Estimators of the between-study variance tau2, each for a whole batch.

Closed forms (DL, HE, HS, SJ), roots of the generalised Q (PM, EB) and likelihoods (ML, REML). All
are truncated at zero, as is usual. Sources: DerSimonian and Laird (1986) Control Clin Trials
7:177-188; Hedges (1983), Hunter and Schmidt (1990), ML and REML as in Viechtbauer (2005) J Educ
Behav Stat 30:261-293; Paule and Mandel (1982) J Res Natl Bur Stand 87:377-385; Sidik and Jonkman
(2005) Appl Stat 54:367-384; Morris (1983) JASA 78:47-55 (empirical Bayes). Overview: Veroniki et
al. (2016) Res Synth Methods 7:55-79. With other weights, two-step DL (DL2) and the median-unbiased
GENQM: :mod:`rheumeta.stats.tau2_weighted`. HSk and the median-unbiased PM (PMM): Viechtbauer (2021), in
Schmid, Stijnen and White, Handbook of Meta-Analysis, ch. 5. DLIT and SJIT are DL and SJ repeated with the
weights of their last value until it stays: y'Py = k - p then, so that they are Paule and Mandel's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from rheumeta.stats.batch import Batch, Floats, Ints
from rheumeta.stats.likelihood import maximise
from rheumeta.stats.moments import (
    Moments,
    moments,
    null_moments,
    residual_variance,
    trace_as,
    trace_asas,
    unit_moments,
    weighted,
)
from rheumeta.stats.roots import next_step, solve_bracketed
from rheumeta.stats.tau2_weighted import generalised_median, generalised_moment, given_weights, two_step_dl

WEIGHTED = ("GENQ", "GENQM")
"""Estimators that need weights from the caller."""

COMMON = ("EE", "FE")
"""Names of the common-effect model, in which tau2 is zero."""

Estimator = Callable[[Batch], Floats]


def estimate_tau2(batch: Batch, method: str) -> tuple[Floats, Floats]:
    """Estimate tau2 and its standard error.

    Parameters
    ----------
    batch : Batch
        The analyses, k > p each.
    method : str
        One of the keys of `ESTIMATORS`.

    Returns
    -------
    tau2, se_tau2 : ndarray, shape (m,)
        Squared analysis scale.
    """
    estimator, standard_error = ESTIMATORS[method]
    tau2 = estimator(batch)
    return tau2, standard_error(batch, tau2)


def generalised_q_root(batch: Batch, target: Floats, *, near: tuple[Floats, Moments] | None = None) -> Floats:
    """Return the tau2 >= 0 at which the generalised Q equals `target`; 0 if Q(0) <= target.

    Parameters
    ----------
    batch : Batch
        The analyses.
    target : ndarray, shape (m,)
        Wanted values (> 0) of y'Py, the weighted residual sum of squares; it
        falls in tau2.
    near : tuple, optional
        Any tau2, shape (m,), and the sums there, which shorten the search.

    Returns
    -------
    ndarray, shape (m,)

    Notes
    -----
    Q(tau2) <= S / tau2 with S the unweighted sum of squares, so S / target bounds the root. The slope of Q is
    -y'PPy (direct algebra; Viechtbauer 2007, Stat Med 26:37-52, gives the same). What is solved is
    1 - target / Q: convex by Cauchy-Schwarz, and straight where the variances are equal. It lies above its
    tangent at infinity, 1 - target (tau2 + c) / S with c the `residual_variance`, the root of which is a lower
    bound.
    """
    tau2 = np.zeros(batch.size)
    null = null_moments(batch)
    rows = np.flatnonzero(null.ypy > target)
    if not rows.size:
        return tau2
    part, goal = batch.take(rows), target.take(rows)

    def excess(x: Floats, open_: Ints | None) -> tuple[Floats, Floats]:
        chosen, aim = (part, goal) if open_ is None else (part.take(open_), goal.take(open_))
        return _one_less(aim, moments(chosen, x))

    lower, upper = np.zeros(rows.size), unit_moments(batch).ypy.take(rows) / goal
    origin = (lower, *_one_less(goal, null, rows))
    known = origin if near is None else (near[0].take(rows), *_one_less(goal, near[1], rows))
    left = known[1] > 0
    bound = upper - residual_variance(batch).take(rows)
    lower, upper = np.where(left, known[0], lower), np.where(left, upper, known[0])
    start = known[0] + next_step(known, origin, lower, upper, 2.0 * upper)[0]
    start = np.minimum(upper, np.maximum(start, bound))
    scale = part.smallest(part.v)
    tau2[rows] = solve_bracketed(excess, lower, upper, scale=scale, start=start, known=known)
    return tau2


def _one_less(target: Floats, sums: Moments, rows: Ints | None = None) -> tuple[Floats, Floats]:
    # 1 - target / Q and its slope.
    q, drop = (sums.ypy, sums.yppy) if rows is None else (sums.ypy.take(rows), sums.yppy.take(rows))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = target / q
        return 1.0 - ratio, -ratio * drop / q


def _dersimonian_laird(batch: Batch) -> Floats:
    # (Q - (k - p)) / tr P at tau2 = 0 (DerSimonian and Laird 1986; with moderators Raudenbush 2009,
    # in Cooper et al., The Handbook of Research Synthesis and Meta-Analysis, 2nd ed., ch. 16).
    sums = null_moments(batch)
    return np.maximum(0.0, (sums.ypy - batch.df) / sums.tr_p)


def _hedges(batch: Batch) -> Floats:
    # Variance of the effects less the mean sampling variance (Hedges 1983).
    ones = np.ones(batch.y.shape)
    expected = trace_as(batch, ones, batch.v)
    return np.maximum(0.0, (weighted(batch, ones).ypy - expected) / batch.df)


def _hunter_schmidt(batch: Batch) -> Floats:
    # (Q - k) / sum w (Hunter and Schmidt 1990, as given by Viechtbauer 2005).
    sums = null_moments(batch)
    return np.maximum(0.0, (sums.ypy - batch.k) / sums.sum_w)


def _sidik_jonkman_start(batch: Batch) -> Floats:
    centre = batch.total(batch.y) / batch.k
    return batch.total((batch.y - centre[:, None]) ** 2) / batch.k


def _sidik_jonkman(batch: Batch) -> Floats:
    # Weights 1 / (v / t0 + 1) with t0 the variance of the effects about their mean (Sidik and
    # Jonkman 2005); equal effects have t0 = 0 and tau2 = 0.
    start = _sidik_jonkman_start(batch)
    return start * moments(batch, start).ypy / batch.df


def _paule_mandel(batch: Batch) -> Floats:
    return generalised_q_root(batch, batch.df)


def _hunter_schmidt_k(batch: Batch) -> Floats:
    # HS with Q times k / (k - p): (Q k / (k - p) - k) / sum w.
    sums = null_moments(batch)
    return np.maximum(0.0, (sums.ypy * batch.k / batch.df - batch.k) / sums.sum_w)


def _paule_mandel_median(batch: Batch) -> Floats:
    # Q equals the median of chi-squared with k - p degrees of freedom, not its mean.
    return generalised_q_root(batch, np.asarray(special.chdtri(batch.df, 0.5), dtype=np.float64))


def _ml(batch: Batch) -> Floats:
    return maximise(batch, restricted=False)


def _reml(batch: Batch) -> Floats:
    return maximise(batch, restricted=True)


def _quadratic_sd(batch: Batch, weights: Floats, tau2: Floats) -> Floats:
    # Standard deviation of y'Ay for normal y with variances S = diag(v + tau2) and AX = 0:
    # sqrt(2 tr(ASAS)) (Searle 1971, Linear Models, ch. 2: variance of a quadratic form).
    trace = trace_asas(batch, weights, batch.v + tau2[:, None])
    deviation: Floats = np.sqrt(np.maximum(0.0, 2.0 * trace))
    return deviation


def _sd_of_q(batch: Batch, tau2: Floats) -> Floats:
    # Of Cochran's Q at tau2: PVP = P, so that its variance is 2 (k - p) + 4 tau2 tr P + 2 tau2^2 tr PP (Biggerstaff
    # and Tweedie 1997, Stat Med 16:753-768).
    sums = null_moments(batch)
    deviation: Floats = np.sqrt(2.0 * (batch.df + tau2 * (2.0 * sums.tr_p + tau2 * sums.tr_pp)))
    return deviation


def _se_dl(batch: Batch, tau2: Floats) -> Floats:
    return _sd_of_q(batch, tau2) / null_moments(batch).tr_p


def _se_he(batch: Batch, tau2: Floats) -> Floats:
    return _quadratic_sd(batch, np.ones(batch.y.shape), tau2) / batch.df


def _se_hs(batch: Batch, tau2: Floats) -> Floats:
    return _sd_of_q(batch, tau2) / null_moments(batch).sum_w


def _se_hs_k(batch: Batch, tau2: Floats) -> Floats:
    return _se_hs(batch, tau2) * batch.k / batch.df


def _se_moment(batch: Batch, weights: Floats, tau2: Floats) -> Floats:
    return _quadratic_sd(batch, weights, tau2) / weighted(batch, weights).tr_p


def _se_dl2(batch: Batch, tau2: Floats) -> Floats:
    # The weights of the second step taken as fixed.
    return _se_moment(batch, 1.0 / (batch.v + _dersimonian_laird(batch)[:, None]), tau2)


def _se_genq(batch: Batch, tau2: Floats) -> Floats:
    return _se_moment(batch, given_weights(batch), tau2)


def _se_none(batch: Batch, tau2: Floats) -> Floats:
    return np.full(tau2.shape, np.nan)


def _se_sj(batch: Batch, tau2: Floats) -> Floats:
    start = _sidik_jonkman_start(batch)
    weights = 1.0 / (batch.v + start[:, None])
    return start * _quadratic_sd(batch, weights, tau2) / batch.df


def _se_pm(batch: Batch, tau2: Floats) -> Floats:
    # One step of Morris's (1983) iteration moves tau2 by (y'Py k / (k - p) - k) / sum w; at the root
    # y'Py has variance 2 (k - p), hence 2 k^2 / (k - p) / (sum w)^2.
    deviation: Floats = np.sqrt(2.0 / batch.df) * batch.k / moments(batch, tau2).sum_w
    return deviation


def _se_ml(batch: Batch, tau2: Floats) -> Floats:
    # Inverse expected information, 2 / tr(WW) (Viechtbauer 2005).
    deviation: Floats = np.sqrt(2.0 / moments(batch, tau2).sum_w2)
    return deviation


def _se_reml(batch: Batch, tau2: Floats) -> Floats:
    # Inverse expected information, 2 / tr(PP) (Viechtbauer 2005).
    deviation: Floats = np.sqrt(2.0 / moments(batch, tau2).tr_pp)
    return deviation


ESTIMATORS: dict[str, tuple[Estimator, Callable[[Batch, Floats], Floats]]] = {
    "DL": (_dersimonian_laird, _se_dl),
    "PM": (_paule_mandel, _se_pm),
    "REML": (_reml, _se_reml),
    "ML": (_ml, _se_ml),
    "SJ": (_sidik_jonkman, _se_sj),
    "HS": (_hunter_schmidt, _se_hs),
    "EB": (_paule_mandel, _se_pm),  # Morris's equation has the root of Paule and Mandel's
    "HE": (_hedges, _se_he),
    "DL2": (two_step_dl, _se_dl2),
    "DLIT": (_paule_mandel, _se_pm),
    "SJIT": (_paule_mandel, _se_pm),
    "HSk": (_hunter_schmidt_k, _se_hs_k),
    "PMM": (_paule_mandel_median, _se_pm),
    "GENQ": (generalised_moment, _se_genq),
    "GENQM": (generalised_median, _se_none),
}
"""Estimator of tau2 and of its standard error, by name."""
