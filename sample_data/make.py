"""Make the sample campaign: `python sample_data/make.py`. The same seed gives the same files.

The numbers are made up: they have the form of real ones, and are meant for the sandbox only.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
from pathlib import Path

import phonenumbers
import xlsxwriter

SEED = 20_251
ROWS = 4_600
EACH_MISTAKE = 26
MADE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HERE = Path(__file__).parent

COLUMNS = [
    "caller", "receiver", "label_id", "label", "reason",
    "customer_name", "order_id", "city", "amount", "notes",
]  # fmt: skip
RECEIVER, LABEL_ID, LABEL, REASON = 1, 2, 3, 4

# Who calls: caller, label id, label name, and the reasons that such a company gives.
COMPANIES = [
    ("+91 22 6160 6161", "", "Saraswat Coop Bank", [
        "Card {order} is ready for you",
        "EMI of Rs {amount} is due this week",
        "Please confirm a payment of Rs {amount}",
        "Your KYC papers need a new address",
    ]),
    ("918045678900", "7d1c1f0a-52b6-4a4e-8c62-4f1f6a0c9b11", "", [
        "Courier with order {order} is near you",
        "Delivery of order {order} today, please keep Rs {amount} ready",
        "We could not deliver order {order}, when are you at home",
    ]),
    ("080-4567-8901", "", "Dhanvantari Diagnostics", [
        "Your blood report is ready",
        "Home visit tomorrow between 7 and 9 am",
        "Please fast for 10 hours before your test",
    ]),
    ("0124 456 7890", "c3a6a0de-9f43-4f0e-8d27-51b0f7a2e6d4", "Zippy Couriers", [
        "Order {order} out for delivery",
        "Return pickup of order {order} today",
        "",
    ]),
]  # fmt: skip

FIRST = [
    "Aarav", "Sunita", "Mohammed", "Priya", "Rahul", "Lakshmi", "Gurpreet", "Anjali", "Vikram",
    "Fatima", "José", "Renée", "Zoë", "André", "François", "सुनीता", "राहुल", "अनुष्का",
    "गौरव", "लक्ष्मी", "முருகன்", "প্রিয়া",
]  # fmt: skip
LAST = [
    "Sharma", "Iyer", "Khan", "D'Souza", "Reddy", "Kaur", "Banerjee", "Patil", "Fernandes", "Nair",
    "Gonçalves", "Müller", "शर्मा", "वर्मा", "कुलकर्णी", "মুখার্জি",
]  # fmt: skip
CITIES = [
    "Mumbai", "Andheri East, Mumbai", "Pune", "Bengaluru", "Chennai", "Delhi", "Gurugram",
    "Kolkata", "Hyderabad", "Jaipur", "लखनऊ", "Kochi",
]  # fmt: skip
NOTES = [
    "", "", "", "", "", "", "call after 6", 'gate 2, ask for "Raju"', "-do-", "=see ticket",
    "+ call the office first", "@reception", "side door", "speaks தமிழ்",
]  # fmt: skip
FOREIGN = ["US", "GB", "AE", "SG", "DE"]

# What the sandbox makes of these last five digits: docs/sandbox.md.
ENDINGS = {
    "99901": 40, "99902": 25, "99903": 18, "99904": 30, "99905": 12,
    "99906": 4, "99907": 3, "99912": 4, "99913": 2,
}  # fmt: skip
# These cost a batch in which they have company its first try: kept together, they share the cost.
LONERS = ["99908", "99908", "99908", "99909", "99910", "99911"]


def valid_as(text: str, region: str | None) -> bool:
    """Tell whether a text is a valid number, in a region or with its country code."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False


class Maker:
    """Makes rows; all chance comes from one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.order = 48_000
        self.used: set[str] = set()

    def mobile(self, ending: str = "") -> str:
        """Give ten digits that are a mobile in India and no number of another country."""
        while True:
            digits = self.chance.choice("6789") + "".join(self.chance.choices("0123456789", k=9))
            digits = digits[: 10 - len(ending)] + ending
            fits = valid_as("+91" + digits, None) and not valid_as("+" + digits, None)
            plain = ending or digits[5:8] != "999"
            if fits and plain and digits not in self.used:
                self.used.add(digits)
                return digits

    def written(self, digits: str) -> str:
        """Write an Indian mobile as one of the people who fill in such files would."""
        start, end = digits[:5], digits[5:]
        forms = [
            digits, digits, digits, f"+91 {start} {end}", f"91{digits}", f"0{digits}",
            f"+91{digits}", f"{start}-{end}", f"+91-{start}-{end}", f"00 91 {digits}",
            f"0{start} {end}", f" {digits} ",
        ]  # fmt: skip
        return self.chance.choice(forms)

    def foreign(self) -> str:
        """Give a number of another country, with its plus or 00."""
        region = self.chance.choice(FOREIGN)
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        while True:
            national = str(example.national_number)
            national = national[:-4] + "".join(self.chance.choices("0123456789", k=4))
            number = f"+{example.country_code}{national}"
            if valid_as(number, None) and number not in self.used and number[-5:-2] != "999":
                self.used.add(number)
                return number if self.chance.random() < 0.5 else f"00{number[1:]}"

    def row(self, ending: str = "", receiver: str = "") -> list[str]:
        """Give a valid row."""
        self.order += self.chance.randrange(1, 9)
        caller, label_id, label, reasons = self.chance.choice(COMPANIES)
        amount = self.chance.choice(["249", "1240.50", "999", "15000", "-120.00"])
        reason = self.chance.choice(reasons).format(order=self.order, amount=amount.lstrip("-"))
        reason = reason.replace(".50", "").replace(".00", "")
        name = f"{self.chance.choice(FIRST)} {self.chance.choice(LAST)}"
        return [
            caller, receiver or self.written(self.mobile(ending)), label_id, label, reason, name,
            f"ORD{self.order}", self.chance.choice(CITIES), amount, self.chance.choice(NOTES),
        ]  # fmt: skip


def mistakes(maker: Maker) -> list[list[str]]:
    """Give rows that must be found invalid, a few dozen of each kind."""
    made = []

    def add(column: int, text: str) -> list[str]:
        row = maker.row()
        row[column] = text
        made.append(row)
        return row

    for number in range(EACH_MISTAKE):
        digits = maker.mobile()
        add(RECEIVER, f"9.1{digits[:4]}E+11")
        add(RECEIVER, digits[: 5 + number % 4])
        add(RECEIVER, digits[:4] + "OlIxX"[number % 5] + digits[5:])
        add(RECEIVER, ["", " ", "NA", "-", "not given"][number % 5])
        add(RECEIVER, f"{digits} / {maker.mobile()}")
        add(REASON, ["Delivery", "EMI due", "Call me", "KYC", "ok"][number % 5])
        add(REASON, "Your parcel is on its way and our driver will call you when he is near, " * 2)
        add(REASON, f"Pay {number + 1}{'%@#&*'[number % 5]} less until Friday")
        add(REASON, f"Order {number} is out for delivery{'.,-'[number % 3]}")
        add(LABEL, ["AB", "X", "Z2", "--", "HD"][number % 5])
        add(LABEL, "The Saraswat Cooperative Bank of Maharashtra Limited")
        row = add(LABEL, "")
        row[LABEL_ID] = ""
        row = add(LABEL_ID, ["1234", "LBL-77", "c3a6a0de-9f43-4f0e-8d27", "none", "12"][number % 5])
        row[LABEL] = "Zippy Couriers"
        made.append([*maker.row(), "a cell too many"])
    return made


def main() -> None:
    """Write campaign.csv, campaign.xlsx and campaign-valid.csv beside this file."""
    maker = Maker(SEED)
    good = [maker.row() for _ in range(ROWS)]
    good += [maker.row(receiver=maker.foreign()) for _ in range(40)]
    good += [maker.row(ending) for ending, count in ENDINGS.items() for _ in range(count)]
    maker.chance.shuffle(good)
    loners = [maker.row(ending) for ending in LONERS]
    valid = [*good[:2_000], *loners, *good[2_000:]]
    # The same record again, for another order.
    again = [[*row[:5], *maker.row()[5:]] for row in maker.chance.sample(good, EACH_MISTAKE)]
    everything = [*good, *mistakes(maker), *again]
    maker.chance.shuffle(everything)
    everything[2_000:2_000] = loners
    write_csv(HERE / "campaign-valid.csv", valid)
    write_csv(HERE / "campaign.csv", everything)
    write_xlsx(HERE / "campaign.xlsx", everything, maker.chance)


def write_csv(path: Path, rows: list[list[str]]) -> None:
    """Write rows under the header, in UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *rows])


def write_xlsx(path: Path, rows: list[list[str]], chance: random.Random) -> None:
    """Write rows as a workbook; most numbers are text, some were left to be numbers."""
    with xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties({"created": MADE})
        sheet = book.add_worksheet("Calls")
        book.add_worksheet("Old list").hide()
        sheet.write_row(0, 0, COLUMNS)
        for at, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if (
                    column == RECEIVER
                    and cell.isdigit()
                    and cell[0] != "0"
                    and chance.random() < 0.1
                ):
                    sheet.write_number(at, column, int(cell))
                elif cell:
                    sheet.write_string(at, column, cell)


if __name__ == "__main__":
    main()
