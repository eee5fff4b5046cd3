# From the sheets in data/raw to results/<review>/report.html; docs/workflow.md explains it.
from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/effects.smk"
include: "workflow/rules/synthesis.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/documents.smk"
include: "workflow/rules/provenance.smk"


wildcard_constraints:
    review="|".join(REVIEWS),


report: "workflow/report/workflow.rst"


rule all:
    """Everything: all reviews, the notebooks, the page over all reviews."""
    default_target: True
    input:
        expand("results/{review}/report.html", review=REVIEWS),
        expand("results/{review}/{file}", review=REVIEWS, file=graph.DOCUMENTS),
        expand("results/{review}/tables.xlsx", review=REVIEWS),
        expand("results/{review}/ro-crate-metadata.json", review=REVIEWS),
        [name for review in REVIEWS for name in graph.tables(Layout(review))],
        [name for review in REVIEWS for name in all_figures(review)],
        # what lies between comes back too where it was deleted
        expand(rules.validate.output, review=REVIEWS),
        expand(rules.harmonise.output, review=REVIEWS),
        expand(rules.effects.output, review=REVIEWS),
        expand(rules.synthesise.output, review=REVIEWS),
        expand(rules.appraise.output, review=REVIEWS),
        expand("results/notebooks/{name}.html", name=NOTEBOOKS),
        "results/index.html",
    message:
        "Everything is built: open results/index.html"


onstart:
    begin()


onerror:
    finish()
