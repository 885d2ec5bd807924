"""Replace AWS Lambda on a laptop: processes, event sources, schedules, logs."""
