"""Make reports over the jobs: collect and count (`collect`, `tally`), then show (`sheet`: CSV, `page`: HTML).

The job type stores the file and defines the payload (`handlers/report_generate.py`).
"""
