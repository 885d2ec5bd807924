"""Tell the end of a job: make the job that `on_end` names, once for each run that has ended."""
