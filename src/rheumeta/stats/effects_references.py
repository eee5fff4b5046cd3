"""The works behind the formulas: short citation and full reference."""

from __future__ import annotations

REFERENCES: dict[str, str] = {
    "Becker 1988": "Becker BJ. Synthesizing standardized mean-change measures. "
    "British Journal of Mathematical and Statistical Psychology 1988;41:257-278.",
    "Borenstein et al. 2009": "Borenstein M, Hedges LV, Higgins JPT, Rothstein HR. "
    "Introduction to Meta-Analysis. Chichester: Wiley, 2009.",
    "Box and Cox 1964": "Box GEP, Cox DR. An analysis of transformations. "
    "Journal of the Royal Statistical Society, Series B 1964;26:211-252.",
    "Cochrane Handbook": "Higgins JPT, Thomas J, Chandler J, Cumpston M, Li T, Page MJ, Welch VA (editors). "
    "Cochrane Handbook for Systematic Reviews of Interventions, version 6.4. Cochrane, 2023.",
    "Freeman and Tukey 1950": "Freeman MF, Tukey JW. Transformations related to the angular and the square "
    "root. Annals of Mathematical Statistics 1950;21:607-611.",
    "Gibbons et al. 1993": "Gibbons RD, Hedeker DR, Davis JM. Estimation of effect size from a series of "
    "experiments involving paired comparisons. Journal of Educational Statistics 1993;18:271-279.",
    "Glass 1976": "Glass GV. Primary, secondary, and meta-analysis of research. "
    "Educational Researcher 1976;5(10):3-8.",
    "Hedges 1981": "Hedges LV. Distribution theory for Glass's estimator of effect size and related "
    "estimators. Journal of Educational Statistics 1981;6:107-128.",
    "Hedges 1982": "Hedges LV. Estimation of effect size from a series of independent experiments. "
    "Psychological Bulletin 1982;92:490-499.",
    "Hedges 1983": "Hedges LV. A random effects model for effect sizes. "
    "Psychological Bulletin 1983;93:388-395.",
    "Hedges, Gurevitch and Curtis 1999": "Hedges LV, Gurevitch J, Curtis PS. The meta-analysis of response "
    "ratios in experimental ecology. Ecology 1999;80:1150-1156.",
    "Katz et al. 1978": "Katz D, Baptista J, Azen SP, Pike MC. Obtaining confidence intervals for the risk "
    "ratio in cohort studies. Biometrics 1978;34:469-474.",
    "Lajeunesse 2015": "Lajeunesse MJ. Bias and correction for the log response ratio in ecological "
    "meta-analysis. Ecology 2015;96:2056-2063.",
    "Luo et al. 2018": "Luo D, Wan X, Liu J, Tong T. Optimally estimating the sample mean from the sample "
    "size, median, mid-range, and/or mid-quartile range. "
    "Statistical Methods in Medical Research 2018;27:1785-1805.",
    "McGrath et al. 2020": "McGrath S, Zhao X, Steele R, Thombs BD, Benedetti A, DEPRESSD Collaboration. "
    "Estimating the sample mean and standard deviation from commonly reported quantiles in meta-analysis. "
    "Statistical Methods in Medical Research 2020;29:2520-2537.",
    "Miller 1978": "Miller JJ. The inverse of the Freeman-Tukey double arcsine transformation. "
    "The American Statistician 1978;32:138.",
    "Morris and DeShon 2002": "Morris SB, DeShon RP. Combining effect size estimates in meta-analysis with "
    "repeated measures and independent-groups designs. Psychological Methods 2002;7:105-125.",
    "Rücker et al. 2009": "Rücker G, Schwarzer G, Carpenter J, Olkin I. Why add anything to nothing? The "
    "arcsine difference as a measure of treatment effect in meta-analysis with zero cells. "
    "Statistics in Medicine 2009;28:721-738.",
    "Shi et al. 2020": "Shi J, Luo D, Weng H, Zeng XT, Lin L, Chu H, Tong T. Optimally estimating the sample "
    "standard deviation from the five-number summary. Research Synthesis Methods 2020;11:641-654.",
    "Shi et al. 2023": "Shi J, Luo D, Wan X, Liu Y, Liu J, Bian Z, Tong T. Detecting the skewness of data "
    "from the five-number summary and its application in meta-analysis. "
    "Statistical Methods in Medical Research 2023;32:1338-1360.",
    "Wan et al. 2014": "Wan X, Wang W, Liu J, Tong T. Estimating the sample mean and standard deviation from "
    "the sample size, median, range and/or interquartile range. "
    "BMC Medical Research Methodology 2014;14:135.",
    "Woolf 1955": "Woolf B. On estimating the relation between blood group and disease. "
    "Annals of Human Genetics 1955;19:251-253.",
    "Yusuf et al. 1985": "Yusuf S, Peto R, Lewis J, Collins R, Sleight P. Beta blockade during and after "
    "myocardial infarction: an overview of the randomized trials. "
    "Progress in Cardiovascular Diseases 1985;27:335-371.",
}
"""Full reference of each short citation used in ``source`` texts."""
