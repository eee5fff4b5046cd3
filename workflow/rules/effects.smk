# Effect sizes, each with its derivation, and whether the numbers behind them can be trusted.


rule effects:
    """Compute effect sizes; list what cannot be derived, with the reason."""
    input:
        rules.validate.output,
        rules.harmonise.output,
        protocol="config/reviews/{review}.yaml",
    output:
        kept(
            "data/processed/{review}/effects.csv",
            "data/processed/{review}/derivations.csv",
            "data/processed/{review}/not_used.csv",
        ),
    log:
        "logs/effects/{review}.log",
    benchmark:
        "logs/benchmarks/effects/{review}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("effects"),
        versions=software("effects"),
        failures=failures("effects"),
    message:
        "Computing the effect sizes of {wildcards.review}"
    shell:
        "python -m rheumeta effects {wildcards.review:q} --log {log:q}"


rule integrity:
    """Ask every study and row whether its numbers can be trusted."""
    input:
        rules.validate.output,
        rules.harmonise.output,
        rules.effects.output,
        protocol="config/reviews/{review}.yaml",
    output:
        kept(
            "data/processed/{review}/integrity.csv",
            "data/processed/{review}/integrity_checks.csv",
        ),
    log:
        "logs/integrity/{review}.log",
    benchmark:
        "logs/benchmarks/integrity/{review}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("integrity"),
        versions=software("integrity"),
        failures=failures("integrity"),
    message:
        "Asking whether the numbers of {wildcards.review} can be trusted"
    shell:
        "python -m rheumeta integrity {wildcards.review:q} --log {log:q}"
