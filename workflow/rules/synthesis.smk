# Pooled results, the evidence that cannot be pooled, and how certain all of it is.


rule synthesise:
    """Pool every analysis of the protocol; describe what cannot be pooled."""
    input:
        rules.validate.output,
        rules.harmonise.output,
        rules.effects.output,
        rules.integrity.output,
        protocol="config/reviews/{review}.yaml",
        benchmarks=benchmark_results,
    output:
        kept(*expand("results/{{review}}/estimates/{file}", file=graph.ESTIMATES)),
    log:
        "logs/synthesise/{review}.log",
    benchmark:
        "logs/benchmarks/synthesise/{review}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("synthesise"),
        versions=software("synthesise"),
        failures=failures("synthesise"),
    message:
        "Pooling the analyses of {wildcards.review}"
    shell:
        "python -m rheumeta synthesise {wildcards.review:q} --log {log:q}"


rule appraise:
    """Judge certainty, list missing results, set each claim beside the evidence."""
    input:
        rules.validate.output,
        rules.harmonise.output,
        rules.synthesise.output,
        protocol="config/reviews/{review}.yaml",
    output:
        kept(*expand("results/{{review}}/{file}", file=graph.APPRAISAL)),
    log:
        "logs/appraise/{review}.log",
    benchmark:
        "logs/benchmarks/appraise/{review}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("appraise"),
        versions=software("appraise"),
        failures=failures("appraise"),
    message:
        "Appraising the evidence of {wildcards.review}"
    shell:
        "python -m rheumeta appraise {wildcards.review:q} --log {log:q}"
