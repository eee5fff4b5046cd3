# What was made from what.


rule crate:
    """Write down what went in and what came out, with the hash of every file."""
    input:
        raw,
        lambda wildcards: graph.outputs(Layout(wildcards.review)),
        graph.workflow_files(Path()),
        config="config/config.yaml",
        benchmarks=benchmark_results,
    output:
        kept("results/{review}/ro-crate-metadata.json"),
    log:
        "logs/crate/{review}.log",
    benchmark:
        "logs/benchmarks/crate/{review}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=[code(stage) for stage in STAGES],
        versions=[software(stage, *provenance.SOFTWARE) for stage in STAGES],
        failures=failures("crate"),
    message:
        "Hashing what made {wildcards.review} and what was made"
    shell:
        "python -m rheumeta crate {wildcards.review:q} --log {log:q}"
