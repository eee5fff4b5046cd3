# From sheets as reported to one unit and one time scale.


rule validate:
    """Check sheets, overlay and protocol; every fault is listed at once."""
    input:
        raw,
    output:
        kept(
            *expand("data/processed/{{review}}/validated/{file}", file=graph.VALIDATED)
        ),
    log:
        "logs/validate/{review}.log",
    benchmark:
        "logs/benchmarks/validate/{review}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("validate"),
        evidence=evidence,
        versions=software("validate"),
        failures=failures("validate"),
        protocol=protocol,
    message:
        "Checking the sheets of {wildcards.review}"
    shell:
        "python -m rheumeta validate {wildcards.review:q} --log {log:q}"


rule harmonise:
    """Bring units, times and directions together."""
    input:
        rules.validate.output,
        protocol="config/reviews/{review}.yaml",
    output:
        kept("data/processed/{review}/harmonised.csv"),
    log:
        "logs/harmonise/{review}.log",
    benchmark:
        "logs/benchmarks/harmonise/{review}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("harmonise"),
        versions=software("harmonise"),
        failures=failures("harmonise"),
    message:
        "Harmonising the numbers of {wildcards.review}"
    shell:
        "python -m rheumeta harmonise {wildcards.review:q} --log {log:q}"
