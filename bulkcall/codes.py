"""The stable codes: one word for every reason that a row is not `success`, and what to do about it.

A code stands in outcomes.csv (`code`), in rejected.csv (`error_code`) and in the findings of
`validate`; `bulkcall explain CODE` and docs/codes.md are made from this table. Scripts hang on the
names: a code is never renamed and never means something else (a test holds the list).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bulkcall.records import RowState

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Code:
    """A reason's stable name, what it means, why it happens and what helps."""

    name: str
    meaning: str
    cause: str
    fix: str
    final: bool = False
    """Whether no further try of the same row can succeed."""


_AS_TEXT: Final = "Format the column as Text in the spreadsheet, then enter the values again."
_EXPORT: Final = "Correct the value at its source and export the file again."
_CELL: Final = "Correct the cell."

_DAMAGED_TEXT: Final = (
    (
        "error_word",
        "The cell holds a spreadsheet's error (#N/A, #REF!, #NV, Err:502), not a text.",
        "A formula failed, and its error was exported as if it were the value.",
        "Correct the formula, or clear the cell, and export again.",
    ),
    (
        "null_word",
        "The cell holds a word that stands for nothing (NULL, None, nan, undefined, \\N).",
        "A program wrote its own word for 'no value' into the file.",
        "Clear the cell, or give the word with --null-value to have it read as an empty cell.",
    ),
    (
        "placeholder",
        "The cell holds a placeholder that was never filled in ({{name}}, [object Object]).",
        "A template was exported before its fields were filled.",
        "Fill the template in and export again.",
    ),
    (
        "lost_characters",
        "Question or replacement marks stand where letters were.",
        (
            "An earlier program could not write the letters and put ? or \N{REPLACEMENT CHARACTER} "
            "in their place; they can't be restored from this file."
        ),
        "Export from the source again, as UTF-8.",
    ),
    (
        "invisible",
        "The cell holds only characters that show nothing.",
        "Invisible characters were copied in with or instead of the text.",
        "Type the text again, or clear the cell.",
    ),
    (
        "control_character",
        "A control or invisible formatting character stands inside the text.",
        "A line break, a tab or an invisible mark was copied in with the text.",
        "Remove the character that the message names (U+…), or type the text again.",
    ),
)


def _damaged(prefix: str) -> tuple[Code, ...]:
    return tuple(
        Code(f"{prefix}.{name}", meaning, cause, fix) for name, meaning, cause, fix in _DAMAGED_TEXT
    )


_ALL: Final = (
    # -- the row as a whole ------------------------------------------------------------------------
    Code(
        "row.surplus_cells",
        "The row has more cells than the header, and a surplus cell holds something.",
        "A text holds the delimiter and is not quoted, so that all cells after it are shifted.",
        "Put double quotes around cells that hold the delimiter, or correct the cells and delete "
        "the surplus one.",
    ),
    Code(
        "row.broken_quotes",
        "Quotes in the row are not closed or not doubled as CSV needs.",
        'A text holds a double quote that was written without doubling it ("Raju "King" Rao").',
        'Double the quote inside the text ("Raju ""King"" Rao"), or leave it out; in a '
        "rejected.csv also delete the surplus cell at the end of the row.",
    ),
    Code(
        "row.nul",
        "A cell that the record needs holds a NUL character.",
        "The file is damaged at this place, or was written by a faulty program.",
        "Export the file again, or correct the row by hand.",
    ),
    Code(
        "cell.error",
        "A cell that the record needs holds a spreadsheet error.",
        "A formula failed (#N/A, #REF!, #VALUE! …).",
        "Correct the formula and save the workbook again.",
    ),
    Code(
        "cell.formula_not_computed",
        "A cell that the record needs is a formula whose value was never computed.",
        "The workbook was written by a program that does not compute formulas.",
        "Open the workbook in a spreadsheet program, save it, and use the saved file.",
    ),
    Code(
        "cell.unreadable",
        "A typed cell that the record needs has no text.",
        "It holds a date beyond the calendar, or data of a kind that is not text.",
        "Format the column as Text and enter the value again.",
    ),
    # -- numbers -----------------------------------------------------------------------------------
    Code(
        "number.missing",
        "The phone number is missing.",
        "The cell is empty.",
        "Enter the number.",
    ),
    Code(
        "number.error_word",
        "The cell holds a spreadsheet's error (#N/A, #REF! …), not a phone number.",
        "A formula failed, and its error was exported as if it were the value.",
        "Correct the formula and export again.",
    ),
    Code(
        "number.null_word",
        "The cell holds a word that stands for nothing, not a phone number.",
        "A program wrote its own word for 'no value' into the file.",
        "Enter the number; a record needs one.",
    ),
    Code(
        "number.example",
        "The row is an example of the template (`bulkcall template`), never to be sent.",
        "The template's example rows were left in the file.",
        "Delete the row, or replace it with one of your own.",
    ),
    Code(
        "number.scientific",
        "The number is in scientific notation (9.19877E+11) and has lost digits.",
        "A spreadsheet shows long numbers this way and exports what it shows.",
        _AS_TEXT,
    ),
    Code(
        "number.decimal",
        "The number is a decimal number (919876543210.0).",
        "A program read the column as numbers with decimals.",
        _AS_TEXT,
    ),
    Code(
        "number.invisible_character",
        "An invisible character stands inside the number.",
        "It was copied in with the number from a web page or chat.",
        "Remove the character that the message names (U+…), or type the number again.",
    ),
    Code(
        "number.characters",
        "The cell contains characters that are not allowed in a phone number.",
        "It holds a note, an extension, a letter in place of a digit, or two numbers.",
        "Write one number and nothing else into the cell.",
    ),
    Code(
        "number.too_short",
        "The number has too few digits.",
        "A digit is missing; spreadsheets take leading zeros off.",
        "Correct the number.",
    ),
    Code(
        "number.too_long",
        "The number has too many digits.",
        "A digit was typed twice, two numbers stand in one cell, or the country code twice.",
        "Correct the number.",
    ),
    Code(
        "number.wrong_length",
        "The number has a digit too many, or too few after the country code.",
        "A digit was added or left out.",
        "Correct the number.",
    ),
    Code(
        "number.other_country",
        "Without a plus, the number is valid only in another country than the set region.",
        "A digit too many or another mistake; or the number really is of that country.",
        "Correct the number; if it is meant, write it with a plus, or list the country with "
        "--countries.",
    ),
    Code(
        "number.ambiguous",
        "The digits are two different valid numbers, with and without the country code.",
        "The region's numbers have several lengths.",
        "Write the number with a plus and the country code.",
    ),
    Code(
        "number.not_valid",
        "The digits are not a valid phone number.",
        "No country has opened a range that the number lies in: mostly a mistyped digit.",
        "Correct the number.",
    ),
    # -- label -------------------------------------------------------------------------------------
    *_damaged("label_id"),
    Code(
        "label_id.not_uuid",
        "label_id is not a UUID.",
        "It holds a name, or part of the id is missing.",
        "Copy the label's id from `bulkcall labels`, or leave it empty and set the label's name.",
    ),
    Code(
        "label.missing",
        "The row has neither a label_id nor a label name.",
        "Both cells are empty, or the columns are missing.",
        "Set label_id or the label's name.",
    ),
    *_damaged("name"),
    Code(
        "name.too_short",
        "The label name has fewer than 3 characters.",
        "The API takes 3 to 40.",
        "Use a longer name.",
    ),
    Code(
        "name.too_long",
        "The label name has more than 40 characters.",
        "The API takes 3 to 40.",
        "Use a shorter name.",
    ),
    # -- reason ------------------------------------------------------------------------------------
    *_damaged("reason"),
    Code(
        "reason.too_short",
        "The call reason has fewer than 10 characters.",
        "The API takes 10 to 100.",
        "Use a longer reason, or leave it empty.",
    ),
    Code(
        "reason.too_long",
        "The call reason has more than 100 characters.",
        "The API takes 10 to 100.",
        "Shorten the reason.",
    ),
    Code(
        "reason.characters",
        "The call reason contains a character that the API does not allow.",
        "None of ! @ # $ % ^ & * ( ) _ + / is allowed.",
        "Remove the characters that the message names.",
    ),
    Code(
        "reason.ends",
        "The call reason begins or ends with a full stop, comma or dash.",
        "The API does not allow it.",
        "Remove the character.",
    ),
    # -- times -------------------------------------------------------------------------------------
    Code(
        "time.missing",
        "The time is missing.",
        "The cell is empty.",
        "Enter a time, or take the time columns out and use --start and --window.",
    ),
    Code(
        "time.error_word",
        "The cell holds a spreadsheet's error (#N/A, #REF! …), not a time.",
        "A formula failed, and its error was exported as if it were the value.",
        "Correct the formula and export again.",
    ),
    Code(
        "time.null_word",
        "The cell holds a word that stands for nothing, not a time.",
        "A program wrote its own word for 'no value' into the file.",
        "Enter a time; a record needs one.",
    ),
    Code(
        "time.no_zone",
        "The time has no offset from UTC, and no time zone is set.",
        "No default zone is known for the set region.",
        "Add the offset (+05:30), or set BULKCALL_TIMEZONE.",
    ),
    Code(
        "time.ambiguous",
        "It is not certain which part of the date is the day and which the month.",
        "Dates like 03/04/2026 mean two days.",
        "Add --date-format dmy, mdy or ymd, or write 2026-04-03T10:00.",
    ),
    Code(
        "time.needs_date_format",
        "The date can be read in one way only, but its order is not set for the file.",
        "Other dates of the same column could be read two ways; nothing is guessed.",
        "Add the --date-format that the message names.",
    ),
    Code(
        "time.no_time_of_day",
        "A date without a time of day.",
        "The column is formatted as date alone.",
        "Add the time of day, or use --start and --window.",
    ),
    Code(
        "time.scientific",
        "The time is in scientific notation and has lost digits.",
        "A spreadsheet shows long numbers this way and exports what it shows.",
        _AS_TEXT,
    ),
    Code(
        "time.occurs_twice",
        "The local time occurs twice, when the clocks are set back.",
        "Daylight saving time ends then.",
        "Add the offset from UTC.",
    ),
    Code(
        "time.never_occurs",
        "The local time never occurs, when the clocks are set forward.",
        "Daylight saving time begins then.",
        "Use another time.",
    ),
    Code(
        "time.impossible",
        "There is no such date or time of day.",
        "A part is out of range (30 February, 25 o'clock), or --date-format does not fit.",
        _CELL,
    ),
    Code(
        "time.epoch_unit",
        "The time is in microseconds or nanoseconds.",
        "A program exported epoch times in a finer unit.",
        "Export epoch milliseconds (13 digits) or ISO 8601.",
    ),
    Code(
        "time.not_recognised",
        "The cell is not in a form of time that is known.",
        "It holds a text, or a form that could be read in several ways.",
        "Use 2026-04-03T10:00+05:30, or add --date-format with a strptime pattern.",
    ),
    Code(
        "time.ends_before_start",
        "ends_at is not after starts_at.",
        "The columns are swapped, or a date is wrong.",
        "Correct one of the two.",
    ),
    Code(
        "time.too_long",
        "ends_at is more than 24 hours after starts_at.",
        "The API takes windows of at most 24 hours.",
        "Use an earlier end.",
    ),
    Code(
        "time.past",
        "The window ended before the file was loaded.",
        "The file is old, or the year or time zone is wrong.",
        "Use a later end.",
    ),
    # -- rows that this program did not send -------------------------------------------------------
    Code(
        "row.duplicate",
        "The same record stands earlier in the file, or an earlier run sent it.",
        "The list holds a row twice, or was run before.",
        "Nothing, if that is so; --allow-duplicates or --resend sends it all the same.",
    ),
    Code(
        "send.expired",
        "The row's ends_at passed before its turn came.",
        "The window was shorter than the run, or the run was stopped.",
        "Use a later window and run again; `bulkcall plan` shows how long a run takes.",
    ),
    Code(
        "send.unsent",
        "The run stopped before the row's turn.",
        "A signal, an error or a limit stopped the run.",
        "`bulkcall resume` sends it.",
    ),
    # -- sending -----------------------------------------------------------------------------------
    Code(
        "send.rate_limited",
        "Every try was answered with 429, too many requests.",
        "The account's limit is lower than the one that is set, or others use it too.",
        "`bulkcall retry`, with a lower rate.",
    ),
    Code(
        "send.unavailable",
        "Every try was turned away by a server that is not available (503).",
        "The API is down or overloaded.",
        "`bulkcall retry` later.",
    ),
    Code(
        "send.no_connection",
        "No connection to the server could be made.",
        "The network, a proxy or the server is away.",
        "Check with `bulkcall check`, then `bulkcall retry`.",
    ),
    Code(
        "send.turned_away",
        "Every try was turned away by the server with another status.",
        "The message and http_status say which.",
        "See the message; `bulkcall retry` once the cause is gone.",
    ),
    Code(
        "send.no_answer",
        "The request was sent and no answer came, so that it may have been applied.",
        "The connection broke, or the server took too long.",
        "`bulkcall reconcile` looks again; `bulkcall resume` sends it again.",
    ),
    Code(
        "send.server_error",
        "The server answered 500, 502 or 504, so that the request may have been applied.",
        "An error inside the server.",
        "`bulkcall reconcile` looks again; `bulkcall resume` sends it again.",
    ),
    Code(
        "send.unreadable_answer",
        "The server answered, but the answer could not be read.",
        "A proxy or a maintenance page answered in the API's place.",
        "`bulkcall reconcile` looks again; `bulkcall resume` sends it again.",
    ),
    # -- what the API said -------------------------------------------------------------------------
    Code(
        "api.refused",
        "The API answered 400 for the record.",
        "A value breaks a rule of the API; field and message say which.",
        _CELL,
    ),
    Code(
        "api.invalid_input",
        "The API says 'Invalid input'.",
        "A value of the record was not accepted.",
        _CELL,
    ),
    Code(
        "api.not_truecaller_user",
        "The receiver is not a Truecaller user.",
        "Nobody with this number uses Truecaller.",
        "Nothing: no further try can succeed.",
        final=True,
    ),
    Code(
        "api.os_not_supported",
        "The receiver's operating system is not supported.",
        "Dynamic caller id is not shown on iOS, for example.",
        "Nothing: no further try can succeed.",
        final=True,
    ),
    Code(
        "api.app_version_not_supported",
        "The receiver's Truecaller app is too old.",
        "The app has not been updated.",
        "Nothing: no further try can succeed until the receiver updates.",
        final=True,
    ),
    Code(
        "api.failed_to_push",
        "The record could not be delivered to the receiver's device.",
        "The device was out of reach.",
        "`bulkcall retry` while the window is open.",
    ),
    Code(
        "api.error",
        "The API says that the record failed, in words that its documentation does not list.",
        "See the message.",
        "See the message.",
    ),
    # -- confirming --------------------------------------------------------------------------------
    Code(
        "confirm.missing",
        "The batch was accepted, but its final status does not list the record.",
        "The API dropped it, or lists it in another form.",
        "`bulkcall reconcile` looks again; --resend sends it in a new run.",
    ),
    Code(
        "confirm.pending",
        "The record was accepted, and its status was not final when the wait ran out.",
        "The API is still processing the batch.",
        "`bulkcall reconcile` asks again.",
    ),
)

CODES: Final[Mapping[str, Code]] = {code.name: code for code in _ALL}
"""Every code by its name, in the order in which they are listed."""

_API_REASONS: Final[Mapping[str, str]] = {
    "invalid input": "api.invalid_input",
    "not a truecaller user": "api.not_truecaller_user",
    "os not supported": "api.os_not_supported",
    "os version not supported": "api.os_not_supported",
    "app version not supported": "api.app_version_not_supported",
    "app not supported": "api.app_version_not_supported",
    "failed to push": "api.failed_to_push",
}


def api_code(message: str) -> str:
    """Return the code of a reason that the API gave for a failed record (api.md), where it arrives.

    Only the documented words are known, whatever their case and whether blanks, dashes or
    underscores stand between them; all else is `api.error`.
    """
    words = message.casefold().replace("_", " ").replace("-", " ").strip(" .")
    return _API_REASONS.get(" ".join(words.split()), "api.error")


_OF_STATE: Final[Mapping[RowState, str]] = {
    RowState.READY: "send.unsent",
    RowState.ACCEPTED: "confirm.pending",
    RowState.REFUSED: "api.refused",
    RowState.MISSING: "confirm.missing",
    RowState.DUPLICATE: "row.duplicate",
    RowState.EXPIRED: "send.expired",
}
_FAILED: Final[Mapping[int | None, str]] = {
    None: "send.no_connection",
    429: "send.rate_limited",
    503: "send.unavailable",
}
_IN_DOUBT: Final[Mapping[int | None, str]] = {
    None: "send.no_answer",
    500: "send.server_error",
    502: "send.server_error",
    504: "send.server_error",
}


def row_code(state: RowState, http_status: int | None, stored: str | None) -> str:
    """Return the code of a row as it stands; empty for `success`.

    `stored` is what was written down for it: of a finding where it is invalid, of the server's
    reason where it failed. All else the state tells, with the last answer's status.
    """
    match state:
        case RowState.SUCCESS:
            return ""
        case RowState.INVALID:
            return stored or ""
        case RowState.ERROR:
            return stored or "api.error"
        case RowState.FAILED:
            return _FAILED.get(http_status, "send.turned_away")
        case RowState.SENDING | RowState.DOUBT | RowState.HELD:
            return _IN_DOUBT.get(http_status, "send.unreadable_answer")
        case _:
            return _OF_STATE[state]


FORMER_RULES: Final[Mapping[str, str]] = {
    "surplus_cell": "row.surplus_cells",
    "name_length": "",
    "reason_length": "",
    "number_required": "number.missing",
    "scientific_notation": "number.scientific",
    "starts_at.scientific_notation": "time.scientific",
    "ends_at.scientific_notation": "time.scientific",
    "decimal_number": "number.decimal",
    "number_characters": "number.characters",
    "valid_number": "number.not_valid",
    "one_country": "number.ambiguous",
    "uuid": "label_id.not_uuid",
    "label_required": "label.missing",
    "reason_characters": "reason.characters",
    "reason_ends": "reason.ends",
    "time_required": "time.missing",
    "time_zone": "time.no_zone",
    "date_order": "time.ambiguous",
    "time_of_day": "time.no_time_of_day",
    "time_occurs_twice": "time.occurs_twice",
    "time_never_occurs": "time.never_occurs",
    "possible_time": "time.impossible",
    "epoch_unit": "time.epoch_unit",
    "readable_time": "time.not_recognised",
    "ends_after_start": "time.ends_before_start",
    "at_most_24_hours": "time.too_long",
    "not_past": "time.past",
}
"""How findings were named before there were codes, for ledgers that hold them so. What one name
said of two faults (a text too short or too long) has no code."""
