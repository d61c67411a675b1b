"""report.xlsx opened by LibreOffice, where it is installed."""

from __future__ import annotations

import csv
import shutil
import subprocess

import pytest

from bulkcall.report import publish

# Comma, double quote, UTF-8, from line 1, texts as shown, and each sheet (-1) to its own file.
_EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


@pytest.mark.integration
def test_libreoffice_finds_the_same_rows(tmp_path):
    """Sheet by sheet the texts are those of outcomes.csv: no formula run, no digit lost."""
    from tests.unit.report.campaign import sample_ledger

    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed (Debian: libreoffice-calc)")
    files = publish(sample_ledger(400, hostile=False), "r", tmp_path / "run").files
    command = [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--convert-to", _EVERY_SHEET, "--outdir", str(tmp_path)]
    subprocess.run(
        [*command, str(files["report.xlsx"])], check=True, capture_output=True, timeout=180
    )

    def read(path):
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))

    ours = read(files["outcomes.csv"])
    assert read(tmp_path / "report-All rows.csv") == ours
    outcome = ours[0].index("outcome")
    assert read(tmp_path / "report-To work through.csv") == [
        ours[0],
        *(row for row in ours[1:] if row[outcome] != "success"),
    ]
    summary = read(tmp_path / "report-Summary.csv")
    assert "of 400 rows confirmed" in summary[0][0]
