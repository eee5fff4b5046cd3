# The report in the forms that journals and readers of tables ask for.


rule documents:
    """Write the report as Word and PDF, with references and the reporting checklist."""
    input:
        rules.report.input,
        figures=document_figures,
    output:
        in_report(
            *kept(*expand("results/{{review}}/{file}", file=graph.DOCUMENTS)),
            caption="document",
            category="Reports",
        ),
    log:
        "logs/documents/{review}.log",
    benchmark:
        "logs/benchmarks/documents/{review}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("documents"),
        versions=software("documents", *provenance.SOFTWARE),
        failures=failures("documents"),
    message:
        "Writing the documents of {wildcards.review}"
    shell:
        "python -m rheumeta documents {wildcards.review:q} --log {log:q}"


rule workbook:
    """Write every table into one workbook."""
    input:
        rules.report.input,
        tables=lambda wildcards: graph.tables(Layout(wildcards.review)),
    output:
        in_report(
            *kept("results/{review}/tables.xlsx"),
            caption="workbook",
            category="Tables",
        ),
    log:
        "logs/workbook/{review}.log",
    benchmark:
        "logs/benchmarks/workbook/{review}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    params:
        code=code("workbook"),
        versions=software("workbook"),
        failures=failures("workbook"),
    message:
        "Writing the workbook of {wildcards.review}"
    shell:
        "python -m rheumeta workbook {wildcards.review:q} --log {log:q}"
