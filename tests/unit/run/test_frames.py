"""A DataFrame as a campaign, and results as DataFrames."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from bulkcall.errors import UsageError
from bulkcall.run.frames import FINDINGS, as_file, findings_frame, outcomes_frame

CSV = (
    "row,caller,note,sent_at,outcome,message,channel,attempts,http_status,sent_at_2,code\n"
    "1,919876500011,'=1+1,x,success,,batch,1,200,,\n"
    "2,0987,,y,invalid,too short,,0,,,number.too_short\n"
)


def test_outcomes_have_types_and_their_own_text(tmp_path):
    """Numbers are whole, words categories; the file's own columns are text, without our quote."""
    path = tmp_path / "outcomes.csv"
    path.write_text(CSV, encoding="utf-8")
    frame = outcomes_frame(path)
    assert frame["row"].tolist() == [1, 2]
    assert frame["caller"].tolist() == ["919876500011", "0987"]
    assert frame["note"].tolist() == ["=1+1", ""]
    assert frame["outcome"].dtype == "category"
    assert frame["http_status"].isna().tolist() == [False, True]
    assert frame["sent_at"].tolist() == ["x", "y"], "a column of the file's own"


def test_a_report_that_has_gone_is_said_in_a_line(tmp_path):
    """The file's name, and the command that writes it again."""
    with pytest.raises(UsageError, match=r"outcomes\.csv: No such file.*bulkcall report"):
        outcomes_frame(tmp_path / "outcomes.csv")


def test_findings_of_all_chunks_are_one_frame():
    """One line each, in order; without any, the columns are there all the same."""
    one = pa.table({name: pa.array([name + "1"]) for name in FINDINGS})
    two = pa.table({name: pa.array([name + "2"]) for name in FINDINGS})
    assert findings_frame([one, two])["message"].tolist() == ["message1", "message2"]
    assert list(findings_frame([]).columns) == list(FINDINGS)


def test_equal_frames_are_equal_files():
    """A run is known by its file's content: the index and pandas' own notes are not part of it."""

    def content(frame):
        with as_file(frame) as path, open(path, "rb") as file:  # noqa: PTH123
            return file.read()

    frame = pd.DataFrame({"caller": ["1"], "receiver": ["2"]})
    assert content(frame) == content(frame.set_index(pd.Index([7])))


def test_a_path_stays_a_path():
    """Only a DataFrame is written to a file."""
    with as_file("campaign.csv") as path:
        assert path == "campaign.csv"


def test_a_frame_of_odd_objects_is_refused_in_a_line():
    """What no table can hold is wrong usage."""
    with (
        pytest.raises(UsageError, match="the DataFrame can't be read as a campaign"),
        as_file(pd.DataFrame({"caller": [object(), 1]})),
    ):
        raise AssertionError
