"""Words of the report that a reader may not know."""

from __future__ import annotations

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Adverse event", "Anything harmful that happens to a patient during a study, whether or not the treatment caused "
     "it. Serious: it threatens life, needs a hospital, or leaves lasting harm."),
    ("Albatross plot", "A picture of studies that give only a p value and a number of patients; the curves "
     "show how large an effect would have to be to give that p value with that many patients."),
    ("Before-after change", "How much a number changed in the same patients. Without a control group it "
     "mixes the effect of the treatment with the natural course, other treatments, and regression to the "
     "mean: patients join a study when they are worse than usual and would often improve anyway."),
    ("Certainty", "How sure one can be that the true effect lies close to the estimate: high, moderate, low or very "
     "low (GRADE)."),
    ("Cohort", "Patients who were studied together. Several papers on one cohort count once."),
    ("Common effect", "Pooling as if all studies measured one and the same true effect."),
    ("Confidence interval", "The range of values that the data fit well. A wide interval means: little is "
     "known."),
    ("Control group", "Patients who did not get the treatment and were followed in the same way."),
    ("Direction of effect", "Whether a study reports a better or a worse result, without saying how much."),
    ("Flag", "A mark on a number that was derived, assumed or taken from an unpublished source."),
    ("I²", "The share of the differences between study results that chance alone does not explain, "
     "in percent. It says nothing about how large the differences are."),
    ("Minimal important difference", "The smallest difference that patients notice as a benefit."),
    ("Odds ratio", "The odds of the event (with it : without it) in the treated, divided by the odds in the "
     "controls. For events that are frequent it lies further from 1 than the risk ratio."),
    ("Prediction interval", "Where the true effect of a new, similar study would be expected. It is wider "
     "than the confidence interval when studies differ."),
    ("Primary analysis", "An analysis that the protocol puts on the first screen."),
    ("Q", "A measure of the differences between the study results; if chance alone were at work, about "
     "the number of studies minus one."),
    ("Random effects", "Pooling as if each study measured its own true effect, scattered about a mean."),
    ("Ratio of means", "The mean in the treated divided by the mean in the controls."),
    ("Risk difference", "How many more (or fewer) of 100 patients have the event with the treatment."),
    ("Risk ratio", "How many times as frequent the event is in the treated as in the controls. 1 means: "
     "no difference."),
    ("Sensitivity analysis", "The same analysis with one assumption changed."),
    ("Sign test", "Would as many studies point the same way if each way were equally likely?"),
    ("Standard deviation (SD)", "How far single patients lie from the mean."),
    ("Standardised mean difference", "A difference of means in units of the standard deviation, for "
     "outcomes measured in different ways."),
    ("τ² (tau squared)", "How much the true effects of the studies differ: their variance, on the scale on "
     "which studies were pooled. 0 means: no sign of differences."),
    ("Weight", "How much a study counts in the pooled result; precise studies count more."),
)  # fmt: skip
"""Term and explanation, in alphabetical order."""
