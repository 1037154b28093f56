"""The workbook that makers fill in: text columns, so that no spreadsheet shortens a code, and a sheet that explains."""

import io
from typing import Final

import xlsxwriter

#: Header, width, an example, and what it says in Chinese and in English.
COLUMNS: Final = (
    (
        "编码",
        28,
        "04QPE76836300JBC40000903",
        "GB/T 34014 编码，24 位（梯次产品 19 位）；必填。",
        "GB/T 34014 code, 24 characters (19 for a second-life product); required.",
    ),
    ("型号", 20, "NCM-75", "型号，与申报的型号一致。", "The model, as filed."),
    ("质量(kg)", 12, "412.5", "质量，千克，最多 6 位小数。", "Mass in kilograms, at most 6 decimals."),
    (
        "生产日期",
        14,
        "2021-12-04",
        "生产日期或时间；不填则取编码中的日期。没有时区的按北京时间。",
        "Day or time of production; the code's own day where it is empty. China time where no offset is given.",
    ),
    (
        "上级编码",
        28,
        "",
        "模块或单体所装入的电池包或模块的编码；可在同一文件中，次序不限。",
        "Of a module or cell: the battery it is built into, which may stand in the same file, in any order.",
    ),
)


def workbook() -> bytes:
    """Give the empty workbook."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        text = book.add_format({"num_format": "@"})
        head = book.add_format({"num_format": "@", "bold": True, "bg_color": "#E2EFDA", "border": 1})
        wrapped = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        sheet = book.add_worksheet("电池 batteries")
        for number, (name, width, _example, chinese, english) in enumerate(COLUMNS):
            sheet.set_column(number, number, width, text)
            sheet.write_string(0, number, name, head)
            sheet.write_comment(0, number, f"{chinese}\n{english}")
        sheet.freeze_panes(1, 0)
        about = book.add_worksheet("填写说明 about")
        about.set_column(0, 1, 26, wrapped)
        about.set_column(2, 3, 60, wrapped)
        about.write_row(0, 0, ["列 column", "示例 example", "说明", "explanation"], head)
        for number, (name, _width, example, chinese, english) in enumerate(COLUMNS, start=1):
            about.write_row(number, 0, [name, example, chinese, english], wrapped)
    return file.getvalue()
