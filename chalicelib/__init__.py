"""JobFlow's library: everything but the job types (`handlers/`) and the infrastructure (`infra/`)."""
