"""Delete single jobs, and erase all jobs of a tenant: rows, payloads, results and what was made from their ends."""
