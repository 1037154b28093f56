"""The audit of chain completeness: gap rules as expressions, engines that run them, and what is kept of it.

relations   what rules speak of, and how it is read from the database      rules/   one module a gap code
compiling   expressions to SQL      finding   in place      seeing   as of any day      running   runs
staging, keeping   what was found, and what that opens and closes      live   single chains      figures, reading
"""
