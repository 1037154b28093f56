"""Whether a company meets the conditions for the industry, clause by clause, by the edition in force on the day.

    terms.py      what an evaluation is asked by: boundary, averaging, tolerance
    parts.py      a period cut by editions, and the days on which each clause counts
    declared.py   what a company declared for a year, and what the alliance made of it
    measuring.py  what is measured for a clause: from batches, declarations, permits and gaps
    judging.py    a clause's verdict, exact at its limit; a part's, and that of the whole

    seeing.py     the record as it had been told by a day
    findings.py   what the audit says of what was taken in and handed over
    company.py    all that is known of companies, in a fixed number of queries
    evaluation.py the door: company, period, edition, day → report
    telling.py    a report as plain data, as `comply` prints it; its JSON form and the digest of that
    lines.py      a report in words for a terminal
    exporting/    a report as JSON, CSV and XLSX (web/ adds PDF)
    resting.py    what a report rests on, under a name that changes with it
    keeping.py    a company's years as of today, kept while nothing that they rest on was recorded

The upper five are pure: no database, no clock, no floats. docs/conditions.md tells how the text is read,
docs/conditions-eu.md how the EU's is.
"""
