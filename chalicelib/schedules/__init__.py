"""Make jobs at fixed times: cron, stored and declared schedules, their firings."""
