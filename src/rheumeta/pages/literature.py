"""References: works behind the methods and the studies of a review, as CSL JSON and BibTeX."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rheumeta.pages.inputs import Row

Item = dict[str, Any]
"""One reference as CSL JSON has it."""

WORKS: dict[str, str] = {
    "Boon and Thomson 2021": "Boon MH, Thomson H. The effect direction plot revisited: application of the 2019 "
    "Cochrane Handbook guidance on alternative synthesis methods. Research Synthesis Methods 2021;12:29-33.",
    "Clopper and Pearson 1934": "Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in "
    "the case of the binomial. Biometrika 1934;26:404-413.",
    "Cochran 1954": "Cochran WG. The combination of estimates from different experiments. "
    "Biometrics 1954;10:101-129.",
    "DerSimonian and Laird 1986": "DerSimonian R, Laird N. Meta-analysis in clinical trials. "
    "Controlled Clinical Trials 1986;7:177-188.",
    "Harris et al. 2020": "Harris CR, Millman KJ, van der Walt SJ, Gommers R, Virtanen P, Cournapeau D, others. Array "
    "programming with NumPy. Nature 2020;585:357-362.",
    "Harrison et al. 2017": "Harrison S, Jones HE, Martin RM, Lewis SJ, Higgins JPT. The albatross plot: a novel "
    "graphical tool for presenting results of diversely reported studies in a systematic review. "
    "Research Synthesis Methods 2017;8:281-289.",
    "Hartung and Knapp 2001": "Hartung J, Knapp G. A refined method for the meta-analysis of controlled clinical "
    "trials with binary outcome. Statistics in Medicine 2001;20:3875-3889.",
    "Higgins and Thompson 2002": "Higgins JPT, Thompson SG. Quantifying heterogeneity in a meta-analysis. "
    "Statistics in Medicine 2002;21:1539-1558.",
    "Hunter 2007": "Hunter JD. Matplotlib: a 2D graphics environment. "
    "Computing in Science and Engineering 2007;9:90-95.",
    "Hunter and Schmidt 1990": "Hunter JE, Schmidt FL. Methods of meta-analysis: correcting error and bias in "
    "research findings. Newbury Park: Sage, 1990.",
    "IntHout et al. 2016": "IntHout J, Ioannidis JPA, Rovers MM, Goeman JJ. Plea for routinely presenting "
    "prediction intervals in meta-analysis. BMJ Open 2016;6:e010247.",
    "Knapp and Hartung 2003": "Knapp G, Hartung J. Improved tests for a random effects meta-regression with a "
    "single covariate. Statistics in Medicine 2003;22:2693-2710.",
    "Mantel and Haenszel 1959": "Mantel N, Haenszel W. Statistical aspects of the analysis of data from "
    "retrospective studies of disease. Journal of the National Cancer Institute 1959;22:719-748.",
    "Morris 1983": "Morris CN. Parametric empirical Bayes inference: theory and applications. "
    "Journal of the American Statistical Association 1983;78:47-55.",
    "Mölder et al. 2021": "Mölder F, Jablonski KP, Letcher B, Hall MB, Tomkins-Tinch CH, Sochat V, others. Sustainable "
    "data analysis with Snakemake. F1000Research 2021;10:33.",
    "Page et al. 2021": "Page MJ, McKenzie JE, Bossuyt PM, Boutron I, Hoffmann TC, Mulrow CD, others. The PRISMA 2020 "
    "statement: an updated guideline for reporting systematic reviews. BMJ 2021;372:n71.",
    "Paule and Mandel 1982": "Paule RC, Mandel J. Consensus values and weighting factors. "
    "Journal of Research of the National Bureau of Standards 1982;87:377-385.",
    "Santesso et al. 2020": "Santesso N, Glenton C, Dahm P, Garner P, Akl EA, Alper B, others. GRADE guidelines 26: "
    "informative statements to communicate the findings of systematic reviews of interventions. "
    "Journal of Clinical Epidemiology 2020;119:126-135.",
    "Sidik and Jonkman 2005": "Sidik K, Jonkman JN. Simple heterogeneity variance estimation for meta-analysis. "
    "Journal of the Royal Statistical Society, Series C 2005;54:367-384.",
    "Veroniki et al. 2019": "Veroniki AA, Jackson D, Bender R, Kuss O, Langan D, Higgins JPT, others. Methods to "
    "calculate uncertainty in the estimated overall effect size from a random-effects meta-analysis. "
    "Research Synthesis Methods 2019;10:23-43.",
    "Viechtbauer 2005": "Viechtbauer W. Bias and efficiency of meta-analytic variance estimators in the "
    "random-effects model. Journal of Educational and Behavioral Statistics 2005;30:261-293.",
    "Viechtbauer 2007": "Viechtbauer W. Confidence intervals for the amount of heterogeneity in meta-analysis. "
    "Statistics in Medicine 2007;26:37-52.",
    "Virtanen et al. 2020": "Virtanen P, Gommers R, Oliphant TE, Haberland M, Reddy T, Cournapeau D, others. "
    "SciPy 1.0: fundamental algorithms for scientific computing in Python. Nature Methods 2020;17:261-272.",
}
"""Works on pooling, display and software; those on effect sizes come with the formulas."""

ARTICLE = re.compile(
    r"(?P<authors>.+?)\. (?P<title>.+?[?]|.+?)\.? (?P<journal>(?:[A-Z]|F1)[^.?]*?) (?P<year>\d{4});"
    r"(?P<volume>\d+)(?:\((?P<issue>[^)]+)\))?:(?P<page>[\w-]+)\."
)
BOOK = re.compile(
    r"(?P<authors>.+?)\. (?P<title>.+)\. (?:(?P<place>[^.:]+): )?(?P<publisher>[^.,]+), (?P<year>\d{4})\."
)
DOI = re.compile(r"10\.\d{4,9}/[^\s{}\\\"]+", re.ASCII)
TEX = {"\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
       "^": r"\textasciicircum{}", **{sign: f"\\{sign}" for sign in "&%#_$"}}  # fmt: skip
"""Signs that mean something to TeX; BibTeX counts braces, even escaped ones, so they get names."""
JOURNAL = re.compile(r"(?P<journal>.+?)(?: (?P<volume>\d+):(?P<page>[\w-]+))?")
INITIALS = re.compile(r"(?P<family>.+?) (?P<given>[A-ZÀ-Þ]{1,4}(?: Jr)?)")


def key(short: str) -> str:
    """Return the key of a work: "Katz et al. 1978" is katz-et-al-1978."""
    return re.sub(r"[^a-z0-9]+", "-", short.lower().replace("ö", "o").replace("ü", "u")).strip("-")


def work(short: str, text: str) -> Item:
    """Return a full reference in one line as an item.

    Parameters
    ----------
    short : str
        Short citation, e.g. "Becker 1988".
    text : str
        ``Authors. Title. Journal year;volume:pages.`` or ``Authors. Title. Place: Publisher, year.``

    Raises
    ------
    ValueError
        If the text has neither form.
    """
    found = ARTICLE.fullmatch(text)
    if found:
        item: Item = {
            "type": "article-journal",
            "container-title": found["journal"],
            "volume": found["volume"],
        }
        item["page"] = found["page"]
        if found["issue"]:
            item["issue"] = found["issue"]
    else:
        found = BOOK.fullmatch(text)
        if found is None:
            raise ValueError(f"This reference has no known form: {text}")
        item = {"type": "book", "publisher": found["publisher"]}
        if found["place"]:
            item["publisher-place"] = found["place"]
    item |= {"id": key(short), "title": found["title"], "issued": issued(found["year"])}
    return item | people(found["authors"])


def people(text: str) -> Item:
    """Return authors or editors, "Becker BJ, others", as the field of an item."""
    role = "editor" if text.endswith("(editors)") else "author"
    names = text.removesuffix(" (editors)").split(", ")
    return {role: [_person(name) for name in names]}


def _person(name: str) -> Item:
    found = INITIALS.fullmatch(name)
    return {"family": found["family"], "given": found["given"]} if found else {"literal": name}


def issued(year: str) -> Item:
    """Return a year as the date of an item."""
    return {"date-parts": [[int(year)]]}


def study(row: Row) -> Item:
    """Return a study of the review as an item: what its sheet knows of it.

    Where the authors are not known the name of the study stands for them.
    """
    label, year = row.get("label") or row["study_id"], row.get("year", "")
    titled = row.get("title") and row.get("status", "published") == "published"  # else a title in a registry
    printed = row.get("doi") or row.get("journal") or titled
    item: Item = {"id": f"study-{row['study_id']}", "type": "article-journal" if printed else "document"}
    if row.get("authors"):
        item |= people(row["authors"])
    else:
        item["author"] = [{"literal": label.removesuffix(f" {year}") if year else label}]
    if row.get("title"):
        item["title"] = row["title"]
    if found := JOURNAL.fullmatch(row.get("journal", "")):
        item["container-title"] = found["journal"]
        item |= {name: found[name] for name in ("volume", "page") if found[name]}
    if year.isdigit():
        item["issued"] = issued(year)
    if is_doi(row.get("doi", "")):
        item["DOI"] = row["doi"]
    if re.fullmatch(r"[0-9]+", row.get("pmid", "")):
        item["PMID"] = row["pmid"]
    if row.get("registry") and row["registry"] != "not seen":
        item["note"] = f"Registered: {row['registry']}"
    return item


def is_doi(text: str) -> bool:
    """Tell whether a text is a DOI, which may be linked; anything else is shown as it stands."""
    return DOI.fullmatch(text) is not None


def library(studies: Sequence[Row], works: Mapping[str, str]) -> list[Item]:
    """Return all references: the studies in the order of their sheet, then the works by name."""
    found = {short: work(short, text) for short, text in sorted((WORKS | dict(works)).items())}
    return [*(study(row) for row in studies), *found.values()]


def as_printed(items: Sequence[Item]) -> list[Item]:
    """Return references for the printed list.

    The style prints "ahead of print" where an article has no volume; here that says only that the volume
    is not in the sheet, so such an article is printed by the form of a magazine. The style leaves notes out: where
    no journal is known, the note stands in the place of the publisher.
    """
    return [_as_printed(item) for item in items]


def _as_printed(item: Item) -> Item:
    if "container-title" not in item and "note" in item:
        return {**item, "type": "document", "publisher": item["note"]}
    if item["type"] == "article-journal" and "volume" not in item:
        return {**item, "type": "article-magazine"}
    return item


def csl_text(items: Sequence[Item]) -> str:
    """Return references as CSL JSON."""
    return json.dumps(list(items), indent=1, ensure_ascii=False) + "\n"


def bibtex_text(items: Sequence[Item]) -> str:
    """Return references as BibTeX."""
    return "\n".join(_entry(item) for item in items)


def _entry(item: Item) -> str:
    kind = {"article-journal": "article", "book": "book"}.get(item["type"], "misc")
    people = {
        role: " and ".join(_bibtex_name(p) for p in item[role])
        for role in ("author", "editor")
        if role in item
    }
    fields = people | {
        "title": f"{{{_tex(item['title'])}}}" if "title" in item else "",
        "journal": _tex(item.get("container-title", "")),
        "year": str(item["issued"]["date-parts"][0][0]) if "issued" in item else "",
        "volume": item.get("volume", ""),
        "number": item.get("issue", ""),
        "pages": item.get("page", "").replace("-", "--"),
        "publisher": _tex(item.get("publisher", "")),
        "address": _tex(item.get("publisher-place", "")),
        "doi": item.get("DOI", ""),
        "url": item.get("URL", ""),
        "pmid": item.get("PMID", ""),
        "note": _tex(item.get("note", "")),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{item['id']},", *lines, "}\n"])


def _bibtex_name(person: Item) -> str:
    if "family" in person:
        return f"{_tex(person['family'])}, {person['given']}"
    return "others" if person["literal"] == "others" else f"{{{_tex(person['literal'])}}}"


def _tex(text: str) -> str:
    return "".join(TEX.get(sign, sign) for sign in text)
