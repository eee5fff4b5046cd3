"""Can patients have such numbers? The checks of plausibility, explained."""

from __future__ import annotations

from rheumeta.steps.inspection import plausibility
from rheumeta.steps.inspection.model import Check

CHECKS = (
    Check(
        id="large_difference",
        group="plausibility",
        title="Very large difference between arms",
        explanation="The difference of the means in pooled standard deviations (Hedges' g). From 1.5 on it is larger "
        "than almost any treatment of this disease shows; from 3 on it is graded serious.",
        unit="two arms with mean, SD and patients at one time",
        blind="Large effects that are real; SDs that are standard errors are the usual cause.",
        ask="Look whether the SD is a standard error; ask how the groups differed otherwise.",
        source="Hedges 1981; limits of this project",
        look=plausibility.large_difference,
    ),
    Check(
        id="se_for_sd",
        group="plausibility",
        title="Standard error taken for an SD?",
        explanation="An SD below 0.4 of the usual one that, times sqrt(n), is at most 1.5 times the usual one. Usual is"
        " the median of three or more other studies of the review, else that of the instrument; where only "
        "an interval is printed, the SD behind it is looked at.",
        unit="mean with SD or interval, where a usual SD is known",
        blind="Standard errors of few patients.",
        ask="Ask which of the numbers is an SD, and at which level the interval is.",
        source="Cochrane Handbook 6.5.2.2; limits of this project",
        look=plausibility.se_for_sd,
    ),
    Check(
        id="se_between_arms",
        group="plausibility",
        title="SD of one arm, standard error of the other?",
        explanation="SDs of two arms differ little; a ratio of about sqrt(n) points to a standard error in one of "
        "them.",
        unit="two arms with SD and patients at one time",
        blind="Standard errors in both arms.",
        ask="Ask which of the numbers is an SD.",
        source="Cochrane Handbook 6.5.2.2",
        look=plausibility.se_between_arms,
    ),
    Check(
        id="sd_in_range",
        group="plausibility",
        title="SD that the range does not allow",
        explanation="Between limits a and b, with mean m, an SD is at most sqrt((m - a)(b - m) n/(n - 1)).",
        unit="row with mean, SD and patients, instrument with a range",
        blind="SDs that are wrong and possible.",
        ask="Compare with the source; then ask the authors for the numbers behind it.",
        source="Bhatia and Davis 2000; Heathers et al. 2018",
        look=plausibility.sd_in_range,
    ),
    Check(
        id="change_in_range",
        group="plausibility",
        title="Change larger than the baseline allows",
        explanation="Baseline and change together stay in the range of the instrument.",
        unit="baseline and change of an arm, instrument with a range",
        blind="Changes that are wrong and possible.",
        ask="Compare with the source; then ask the authors for the numbers behind it.",
        source="by definition",
        look=plausibility.change_in_range,
    ),
    Check(
        id="change_of_means",
        group="plausibility",
        title="Change against baseline and final value",
        explanation="In the same patients the mean change is the difference of the means.",
        unit="baseline, final value and change of the same number of patients",
        blind="Adjusted changes.",
        ask="Compare with the source; then ask the authors for the numbers behind it.",
        source="arithmetic",
        look=plausibility.change_of_means,
    ),
    Check(
        id="change_sd",
        group="plausibility",
        title="SD of the change",
        explanation="It must come from a correlation between -1 and 1 of baseline and final value.",
        unit="baseline, final value and change with SDs",
        blind="Adjusted changes.",
        ask="Compare with the source; then ask the authors for the numbers behind it.",
        source="Cochrane Handbook 6.5.2.8",
        look=plausibility.change_sd,
    ),
    Check(
        id="equal_percentages",
        group="plausibility",
        title="Two criteria met by the same share throughout",
        explanation="Two different criteria with the same percentage in every arm and at every time, three cells or "
        "more. Serious from three different percentages on.",
        unit="two criteria with three or more cells in common",
        blind="Two criteria that are one by definition.",
        ask="Ask whether one of the rows was copied from the other.",
        source="definition of this project",
        look=plausibility.equal_percentages,
    ),
    Check(
        id="identical_numbers",
        group="plausibility",
        title="The same numbers twice",
        explanation="The same mean and spread in different outcomes, arms or times, with six significant digits or "
        "more together; in different studies with eight, as six are shared by chance.",
        unit="row with mean or median and a spread",
        blind="Copies with a digit changed.",
        ask="Ask whether one was copied from the other, or the patients are the same.",
        source="definition of this project",
        look=plausibility.identical_numbers,
    ),
)  # fmt: skip
