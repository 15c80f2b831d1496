"""The search over configurations, and what is done with its result.

From the bottom: `space` says what may be searched, `design` what a study is asked, `reading` makes that of a YAML file,
`workspace` is where the study lies, `search` draws and runs the trials while `screen` shows them, and `result` selects
one and tests it. All of them know the finished trials by the `ledger`.
"""
