# What people read: notebooks, a report a review, the page over all reviews.


rule notebook:
    """Execute a notebook; it reads the results and nothing reads it."""
    input:
        notebook_inputs,
        notebook="notebooks/{notebook}.ipynb",
    output:
        kept("results/notebooks/{notebook}.ipynb", "results/notebooks/{notebook}.html"),
    log:
        "logs/notebooks/{notebook}.log",
    benchmark:
        "logs/benchmarks/notebooks/{notebook}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=[code("notebooks"), code("synthesise")],
        versions=software("notebooks", "ipykernel", "scipy", "matplotlib"),
        failures=failures("notebooks", "notebook"),
    message:
        "Executing the notebook {wildcards.notebook}"
    shell:
        "python -m rheumeta notebooks {wildcards.notebook:q} --log {log:q}"


rule report:
    """Write the report: one file that needs no other."""
    input:
        rules.validate.output,
        rules.harmonise.output,
        rules.effects.output,
        rules.integrity.output,
        rules.synthesise.output,
        rules.appraise.output,
        figures=report_figures,
        tables=report_tables,
        snapshot=lambda wildcards: graph.snapshots(Layout(wildcards.review)),
        protocol="config/reviews/{review}.yaml",
    output:
        in_report(
            *kept("results/{review}/report.html"), caption="report", category="Reports"
        ),
    log:
        "logs/report/{review}.log",
    benchmark:
        "logs/benchmarks/report/{review}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("report"),
        versions=software("report", *provenance.SOFTWARE),
        failures=failures("report"),
    message:
        "Writing the report of {wildcards.review}"
    shell:
        "python -m rheumeta report {wildcards.review:q} --log {log:q}"


rule index:
    """Write the page over all reviews."""
    input:
        expand(
            "results/{review}/estimates/{file}",
            review=REVIEWS,
            file=["synthesis.json", "appraisal.json"],
        ),
        expand(
            "data/processed/{review}/validated/{file}",
            review=REVIEWS,
            file=["studies.csv", "awaited.csv", "risk_of_bias.csv"],
        ),
        expand("config/reviews/{review}.yaml", review=REVIEWS),
        config="config/config.yaml",
    output:
        kept("results/index.html"),
    log:
        "logs/index/all.log",
    benchmark:
        "logs/benchmarks/index/all.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("index"),
        versions=software("index"),
        failures=runlog.failures(Path("logs/index/all.log")),
    message:
        "Writing the page over all reviews"
    shell:
        "python -m rheumeta index --log {log:q}"
