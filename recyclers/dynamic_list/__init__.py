"""The dynamic management of the announced list: where a company stands on a day, and what it has to do until when.

    listed.py    on which days it is listed, and until when penalties bar it from applying
    judging.py   its years judged by the conditions, and what it must mend
    load.py      how far its capacity is used: as declared, and as its records tell
    reports.py   whether its annual report is in
    due.py       what falls due, the most urgent first
    standing.py  all of it for one company, of values that were read before

    reading.py   the door: companies and a day → standings, read together
    telling.py   standings as plain data and as a table

The upper six are pure. docs/dynamic-list.md tells how the text is read; periods are law as data (`recyclers.periods`).
"""
