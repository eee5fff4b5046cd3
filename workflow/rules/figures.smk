# Figures and the tables beside them. Their names come from the protocol, so that each review has
# rules of its own.

for review in REVIEWS:

    rule:
        """Draw every figure of a review."""
        name:
            f"figures_{review}"
        input:
            f"results/{review}/estimates/synthesis.json",
            expand(
                "data/processed/{review}/validated/{sheet}.csv",
                review=review,
                sheet=targets.SHEETS,
            ),
            protocol=f"config/reviews/{review}.yaml",
        output:
            in_report(
                *kept(*all_figures(review)),
                caption="figure",
                category=f"Figures of {review}",
            ),
        log:
            f"logs/figures/{review}.log",
        benchmark:
            f"logs/benchmarks/figures/{review}.tsv"
        conda:
            "../../environment.yml"
        threads: 2
        params:
            review=review,
            code=code("figures"),
            versions=software("figures"),
            failures=runlog.failures(Path(f"logs/figures/{review}.log")),
        message:
            f"Drawing the figures of {review}"
        shell:
            "python -m rheumeta figures {params.review:q} --workers {threads} --log {log:q}"

    rule:
        """Write the numbers behind each figure."""
        name:
            f"tables_{review}"
        input:
            f"results/{review}/estimates/synthesis.json",
            protocol=f"config/reviews/{review}.yaml",
        output:
            kept(*graph.tables(Layout(review))),
        log:
            f"logs/tables/{review}.log",
        benchmark:
            f"logs/benchmarks/tables/{review}.tsv"
        conda:
            "../../environment.yml"
        threads: 1
        params:
            review=review,
            code=code("tables"),
            versions=software("tables"),
            failures=runlog.failures(Path(f"logs/tables/{review}.log")),
        message:
            f"Writing the tables of {review}"
        shell:
            "python -m rheumeta tables {params.review:q} --log {log:q}"
