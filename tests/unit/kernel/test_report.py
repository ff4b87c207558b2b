"""Reports are values: what was found and done, without the bytes that nobody wants printed."""

import pickle
from dataclasses import fields

import pytest

from libredb.kernel.errors import CorruptLogError
from libredb.kernel.report import CompactionReport, RecoveryReport, VerifyReport

Report = RecoveryReport | VerifyReport | CompactionReport
REPORTS: list[Report] = [
    RecoveryReport("p", "cut", 8192, 0, 0, b"secret", 6),
    VerifyReport("p", "clean", 9000, 9000, 1, 7, 7, 3),
    CompactionReport(9000, 8500, 3, 2),
]


def test_a_report_does_not_print_the_discarded_bytes() -> None:
    assert "secret" not in repr(REPORTS[0])
    assert "discarded_bytes=6" in repr(REPORTS[0])


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: type(report).__name__)
def test_a_report_is_a_value_that_cannot_be_changed(report: Report) -> None:
    assert pickle.loads(pickle.dumps(report)) == report
    assert hash(report) == hash(pickle.loads(pickle.dumps(report)))
    with pytest.raises(AttributeError):
        setattr(report, fields(report)[0].name, "another")


def test_a_refusal_keeps_its_reason_between_processes() -> None:
    report = VerifyReport("p", "refused", 9, 4, error=CorruptLogError("p", 4, "why", "mark"))
    error = pickle.loads(pickle.dumps(report)).error
    assert (error.offset, error.evidence, error.reason) == (4, "mark", "why")
