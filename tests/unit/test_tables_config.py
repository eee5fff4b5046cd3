"""The list of reviews: what it may hold, and what is said of mistakes in it."""

from __future__ import annotations

import pytest

from rheumeta.errors import InputFaults
from rheumeta.layout import Layout
from rheumeta.tables.config import CONFIG, check_targets, listed_reviews, read_reviews


@pytest.fixture
def root(tmp_path):
    for review in ("a_1", "statins"):
        protocol = Layout(review, tmp_path).protocol
        protocol.parent.mkdir(parents=True, exist_ok=True)
        protocol.write_text(f"review: {review}\n")
    write(tmp_path, "reviews:\n  - statins\n  - a_1\n")
    return tmp_path


def write(root, text):
    (root / CONFIG).write_bytes(text.encode("utf-8") if isinstance(text, str) else text)


def only_fault(root):
    with pytest.raises(InputFaults) as caught:
        read_reviews(root)
    (fault,) = caught.value.faults
    assert fault.file == CONFIG
    return fault


def test_reviews_are_read_in_their_order(root):
    assert read_reviews(root) == ["statins", "a_1"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "config_reviews", None),
        ("reviews:\n", "config_reviews", 1),
        ("# none\nreviews: []\n", "config_reviews", 2),
        ("reviews: statins\n", "config_reviews", 1),
        ("- statins\n", "config_reviews", 1),
        ("reviews:\n  - statins\n  - A b\n", "bad_id", 3),
        ("reviews: [statins, 1]\n", "bad_id", 1),
        ("reviews: [../statins]\n", "bad_id", 1),
        ("reviews:\n  - statins\n  - statins\n", "duplicate_key", 3),
        ("reviews:\n  - statins\n\n  - none\n", "unknown_review", 4),
        ("reviews:\n  - statins\n more: [\n", "yaml_syntax", 3),
        ("reviews: [statins]\ncores: 4\n", "unknown_key", 2),
        (b"reviews: [statins] # \xf6\n", "not_utf8", 1),
    ],
)
def test_a_mistake_is_one_fault_with_its_line(root, text, code, line):
    write(root, text)
    fault = only_fault(root)
    assert (fault.code, fault.line) == (code, line)
    assert fault.allowed or fault.remedy


def test_a_missing_list_is_a_fault(root):
    (root / CONFIG).unlink()
    assert only_fault(root).code == "missing_file"


def test_a_misspelt_review_is_recognised(root):
    write(root, "reviews: [statin]\n")
    fault = only_fault(root)
    assert fault.remedy == "Did you mean 'statins'?"
    assert fault.allowed == "a_1, statins"


def test_a_misspelt_key_is_recognised(root):
    write(root, "review: [statins]\n")
    faults = listed_reviews(root)[1]
    assert faults[0].remedy == "Did you mean 'reviews'?"
    assert [f.code for f in faults] == ["unknown_key", "config_reviews"]


def test_what_belongs_to_a_review_that_is_not_listed_is_told(root):
    write(root, "reviews: [a_1]\n")
    asked = [
        "results/statins/report.html", "results/statins/tables/x.csv", "data/processed/a_2/effects.csv",
        "results/a_1/report.html", "results/index.html", "results/notebooks/walk.html", "all",
    ]  # fmt: skip
    assert [(f.value, f.remedy) for f in check_targets(asked, root)] == [
        ("statins", "Add the line '- statins' below 'reviews:'."),
        ("a_2", "Did you mean 'a_1'?"),
    ]
