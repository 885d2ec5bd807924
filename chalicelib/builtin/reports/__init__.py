"""Reports over the jobs themselves: collect and count (`collect`, `tally`), then show (`sheet`: CSV, `page`: HTML).

Storing the file, and asking for a report, is the job type's work (`handlers/report_generate.py`).
"""
