"""Estimators of tau2 from a generalised Q with fixed weights.

Q = y'Ay with A = diag(a) - aa' / sum a (P at the weights a). DerSimonian and Kacker (2007), Contemp Clin
Trials 28:105-114: method of moments with any weights, and two-step DL; Jackson, Turner, Rhodes and
Viechtbauer (2014), BMC Med Res Methodol 14:103, on its choice of weights; Viechtbauer (2021), in
Schmid, Stijnen and White, Handbook of Meta-Analysis, ch. 5: the median-unbiased version.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Batch, Floats, Ints
from rheumeta.stats.moments import trace_as, weighted
from rheumeta.stats.quadratic import weighted_q_cdf
from rheumeta.stats.roots import solve_bracketed


def moment_estimate(batch: Batch, weights: Floats) -> Floats:
    """Return max(0, (y'Ay - tr(AV)) / tr A), shape (m,), with A the matrix P at `weights`.

    DerSimonian and Kacker (2007), equation 6.
    """
    sums = weighted(batch, weights)
    return np.maximum(0.0, (sums.ypy - trace_as(batch, weights, batch.v)) / sums.tr_p)


def two_step_dl(batch: Batch) -> Floats:
    """Return the two-step estimate of DerSimonian and Kacker (2007), section 2.5: DL, then its weights."""
    first = moment_estimate(batch, 1.0 / batch.v)
    return moment_estimate(batch, 1.0 / (batch.v + first[:, None]))


def given_weights(batch: Batch) -> Floats:
    """Return the weights chosen by the caller; StatsError if there are none."""
    if batch.a is None:
        raise StatsError("the methods GENQ and GENQM need weights.")
    return batch.a


def quantile_root(batch: Batch, probability: Floats) -> Floats:
    """Return the tau2 >= 0 at which P(Q <= observed Q) has the wanted value, 0 if it is below at zero.

    Parameters
    ----------
    batch : Batch
        The analyses, with weights and without design.
    probability : ndarray, shape (m,)
        Between 0 and 1; the distribution function falls in tau2.

    Returns
    -------
    ndarray, shape (m,)

    Notes
    -----
    Jackson (2013), Res Synth Methods 4:220-229. The bound: Q is at least tau2 times d' D chi2 with D of
    the eigenvalues of A; its least term alone gives P(Q <= q) <= P(chi2_1 <= q / (tau2 amin / 2)), as
    the eigenvalues of A other than 0 are not below the least weight.
    """
    weights = given_weights(batch)
    observed = weighted(batch, weights).ypy
    tau2 = np.zeros(batch.size)
    rows = np.flatnonzero(weighted_q_cdf(batch, tau2, observed)[0] > probability)
    if not rows.size:
        return tau2
    part, q, wanted = batch.take(rows), observed[rows], probability[rows]
    upper = 2.0 * q / (part.smallest(given_weights(part)) * special.chdtri(1.0, 1.0 - wanted))

    def excess(x: Floats, open_: Ints | None) -> tuple[Floats, Floats]:
        chosen = slice(None) if open_ is None else open_
        value, slope = weighted_q_cdf(part if open_ is None else part.take(open_), x, q[chosen])
        return value - wanted[chosen], slope

    tau2[rows] = solve_bracketed(excess, np.zeros(rows.size), upper, scale=part.smallest(part.v))
    return tau2


def generalised_moment(batch: Batch) -> Floats:
    """Return the method of moments with the caller's weights."""
    return moment_estimate(batch, given_weights(batch))


def generalised_median(batch: Batch) -> Floats:
    """Return the tau2 at which the observed Q is the median of its distribution (Viechtbauer 2021)."""
    return quantile_root(batch, np.full(batch.size, 0.5))
